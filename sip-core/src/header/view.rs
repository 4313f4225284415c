//! The trait of the header views.

use crate::error::HeaderError;
use crate::name::HeaderName;

/// A typed, borrowed reading of one header value.
///
/// A view is made when it is asked for, by [`Message::view`](crate::Message::view) or
/// [`Message::views`](crate::Message::views), and owns nothing. White space and folds may stand where the
/// grammar has separators. Implement it for headers of your own.
///
/// # Examples
///
/// ```
/// use sip_core::{HeaderError, HeaderName, HeaderView};
///
/// struct Subject<'a>(&'a [u8]);
///
/// impl<'a> HeaderView<'a> for Subject<'a> {
///     fn name() -> HeaderName<'static> {
///         HeaderName::Subject
///     }
///
///     fn parse(value: &'a [u8]) -> Result<Self, HeaderError> {
///         Ok(Self(value))
///     }
/// }
///
/// let wire = "OPTIONS sip:a@b SIP/2.0\r\ns: lunch\r\n\r\n";
/// let msg = sip_core::parse(wire.into(), &Default::default())?;
/// assert_eq!(msg.view::<Subject>()?.0, b"lunch");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait HeaderView<'a>: Sized {
    /// Whether one line may hold several values, separated by commas.
    const LIST: bool = false;

    /// The header that this reads.
    fn name() -> HeaderName<'static>;

    /// Reads one value: of a list, one element.
    ///
    /// # Errors
    ///
    /// [`HeaderError::Malformed`] with the position in `value`.
    fn parse(value: &'a [u8]) -> Result<Self, HeaderError>;

    /// Reads the value that a comma list begins with, and says where it ends: at a comma or at the end of `line`.
    ///
    /// For a view that can see this while it reads. With `None`, as it is when not written, the value is first cut
    /// out of the list and then given to [`Self::parse`], which must say the same of it; so it is for a value that is
    /// malformed.
    fn parse_first(line: &'a [u8]) -> Option<(Self, usize)> {
        let _ = line;
        None
    }
}
