//! One line of a list of addresses.

/// One line of a list.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Entry {
    /// The group.
    pub group: u32,
    /// The port; 0: any.
    pub port: u16,
    /// What the list says of it beside; may be empty.
    pub tag: Box<[u8]>,
}

impl Entry {
    pub(super) fn is_for(&self, group: Option<u32>, port: u16) -> bool {
        group.is_none_or(|group| group == self.group) && (self.port == 0 || port == 0 || self.port == port)
    }
}
