//! What Record-Route looks like.

/// Settings of [`record_route`](super::record_route); the defaults are those of Kamailio's rr.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Options {
    /// Adds `;ftag=` with the From tag, for [`is_direction`](super::is_direction). Default `true` (`append_fromtag`).
    pub append_fromtag: bool,
    /// Writes `;lr=on` instead of `;lr`, for peers that lose a parameter without value.
    /// Default `false` (`enable_full_lr`).
    pub enable_full_lr: bool,
    /// When a request gets two. Default [`Double::WhenDifferent`] (`enable_double_rr`).
    pub double: Double,
}

impl Default for Options {
    fn default() -> Self {
        Self { append_fromtag: true, enable_full_lr: false, double: Double::WhenDifferent }
    }
}

/// When a request gets two Record-Routes, one for each side (RFC 5658).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Double {
    /// 0: never.
    Never,
    /// 1: when it leaves by another address or protocol than it came in by.
    WhenDifferent,
    /// 2: always.
    Always,
}
