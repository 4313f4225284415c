//! How large a message may be.

/// Bounds that are checked before memory is taken.
///
/// Offsets have 32 bits: whatever the limits say, a message is shorter than 4 GiB.
///
/// # Examples
///
/// ```
/// let limits = sip_core::Limits { body_bytes: 64 * 1024, ..Default::default() };
/// assert_eq!(limits.headers, 256);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the start line and all headers, with the empty line. Default: 32 KiB.
    pub head_bytes: usize,
    /// Header lines; a folded line counts once. Default: 256.
    pub headers: usize,
    /// Bytes of a header name. Default: 256. A message cannot hold one of more than 65,535.
    pub name_bytes: usize,
    /// Bytes of the Request-URI. Default: 4 KiB.
    pub uri_bytes: usize,
    /// Bytes of the body. Default: 1 MiB.
    pub body_bytes: usize,
    /// Parts of one multipart body, those inside parts not counted. Default: 64.
    pub body_parts: usize,
    /// How deep multipart bodies may stand inside one another. Default: 8.
    pub body_depth: usize,
    /// Lines of a session description. Default: 2,048.
    pub sdp_lines: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            head_bytes: 32 * 1024,
            headers: 256,
            name_bytes: 256,
            uri_bytes: 4 * 1024,
            body_bytes: 1024 * 1024,
            body_parts: 64,
            body_depth: 8,
            sdp_lines: 2048,
        }
    }
}
