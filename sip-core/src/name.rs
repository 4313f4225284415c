//! Header names: the registered ones by id, with their compact forms; any other as its text.
//!
//! A name is recognised in one probe of a table that is built at compile time: no allocation, no
//! chain of comparisons.
//!
//! Source: the IANA registry "Header Fields" of the SIP parameters; compact forms RFC 3261 7.3.3.

use std::fmt;
use std::hash::{Hash, Hasher};

use bstr::BStr;

/// The position of a known name in [`KNOWN`] plus one; 0 is a name that is not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NameId(u8);

impl NameId {
    /// A name that has no id.
    pub(crate) const OTHER: Self = Self(0);
    /// Content-Length, which the head is read by.
    pub(crate) const CONTENT_LENGTH: Self = Self(position("Content-Length"));
}

macro_rules! names {
    ($($variant:ident = $text:literal $(, $compact:literal)?;)*) => {
        /// The name of a header field.
        ///
        /// Names are compared case-blind, and a compact form is the same name as its long form.
        #[derive(Clone, Copy, Debug)]
        pub enum HeaderName<'a> {
            $(#[doc = concat!("`", $text, "`" $(, ", compact form `", $compact, "`")?, ".")] $variant,)*
            /// A name that has no variant of its own.
            Other(&'a BStr),
        }

        const KNOWN: &[HeaderName<'static>] = &[$(HeaderName::$variant,)*];
        /// The known names in their registered spelling.
        pub(crate) const TEXTS: &[&str] = &[$($text,)*];
        /// The compact forms, each with the name that it stands for.
        pub(crate) const COMPACT: &[(&str, &str)] = &[$($(($compact, $text),)?)*];

        impl HeaderName<'_> {
            #[inline]
            const fn known_text(&self) -> Option<&'static str> {
                match self {
                    $(Self::$variant => Some($text),)*
                    Self::Other(_) => None,
                }
            }

            /// The id that stands for this name in a header table.
            #[inline(always)]
            pub(crate) fn id(&self) -> NameId {
                match self {
                    $(Self::$variant => const { NameId(position($text)) },)*
                    Self::Other(text) => lookup(text),
                }
            }
        }
    };
}

names! {
    Accept = "Accept";
    AcceptContact = "Accept-Contact", "a";
    AcceptEncoding = "Accept-Encoding";
    AcceptLanguage = "Accept-Language";
    AcceptResourcePriority = "Accept-Resource-Priority";
    AlertInfo = "Alert-Info";
    Allow = "Allow";
    AllowEvents = "Allow-Events", "u";
    AuthenticationInfo = "Authentication-Info";
    Authorization = "Authorization";
    CSeq = "CSeq";
    CallId = "Call-ID", "i";
    CallInfo = "Call-Info";
    Contact = "Contact", "m";
    ContentDisposition = "Content-Disposition";
    ContentEncoding = "Content-Encoding", "e";
    ContentLanguage = "Content-Language";
    ContentLength = "Content-Length", "l";
    ContentType = "Content-Type", "c";
    Date = "Date";
    Diversion = "Diversion";
    ErrorInfo = "Error-Info";
    Event = "Event", "o";
    Expires = "Expires";
    FeatureCaps = "Feature-Caps";
    FlowTimer = "Flow-Timer";
    From = "From", "f";
    Geolocation = "Geolocation";
    HistoryInfo = "History-Info";
    Identity = "Identity", "y";
    IdentityInfo = "Identity-Info", "n";
    InReplyTo = "In-Reply-To";
    InfoPackage = "Info-Package";
    Join = "Join";
    MaxBreadth = "Max-Breadth";
    MaxForwards = "Max-Forwards";
    MimeVersion = "MIME-Version";
    MinExpires = "Min-Expires";
    MinSe = "Min-SE";
    Organization = "Organization";
    PAccessNetworkInfo = "P-Access-Network-Info";
    PAssertedIdentity = "P-Asserted-Identity";
    PAssociatedUri = "P-Associated-URI";
    PCalledPartyId = "P-Called-Party-ID";
    PChargingVector = "P-Charging-Vector";
    PPreferredIdentity = "P-Preferred-Identity";
    PVisitedNetworkId = "P-Visited-Network-ID";
    Path = "Path";
    Priority = "Priority";
    Privacy = "Privacy";
    ProxyAuthenticate = "Proxy-Authenticate";
    ProxyAuthenticationInfo = "Proxy-Authentication-Info";
    ProxyAuthorization = "Proxy-Authorization";
    ProxyRequire = "Proxy-Require";
    RAck = "RAck";
    RSeq = "RSeq";
    Reason = "Reason";
    RecordRoute = "Record-Route";
    RecvInfo = "Recv-Info";
    ReferSub = "Refer-Sub";
    ReferTo = "Refer-To", "r";
    ReferredBy = "Referred-By", "b";
    RejectContact = "Reject-Contact", "j";
    Replaces = "Replaces";
    ReplyTo = "Reply-To";
    RequestDisposition = "Request-Disposition", "d";
    Require = "Require";
    ResourcePriority = "Resource-Priority";
    RetryAfter = "Retry-After";
    Route = "Route";
    SecurityClient = "Security-Client";
    SecurityServer = "Security-Server";
    SecurityVerify = "Security-Verify";
    Server = "Server";
    ServiceRoute = "Service-Route";
    SessionExpires = "Session-Expires", "x";
    SipEtag = "SIP-ETag";
    SipIfMatch = "SIP-If-Match";
    Subject = "Subject", "s";
    SubscriptionState = "Subscription-State";
    Supported = "Supported", "k";
    Timestamp = "Timestamp";
    To = "To", "t";
    Unsupported = "Unsupported";
    UserAgent = "User-Agent";
    Via = "Via", "v";
    Warning = "Warning";
    WwwAuthenticate = "WWW-Authenticate";
    // Seldom seen. They stand last, so that in the probe table none is in the way of those above.
    AdditionalIdentity = "Additional-Identity";
    AnswerMode = "Answer-Mode";
    AttestationInfo = "Attestation-Info";
    CellularNetworkInfo = "Cellular-Network-Info";
    ContentId = "Content-ID";
    ContentTransferEncoding = "Content-Transfer-Encoding";
    Encryption = "Encryption";
    GeolocationError = "Geolocation-Error";
    GeolocationRouting = "Geolocation-Routing";
    Hide = "Hide";
    OriginationId = "Origination-Id";
    PAnswerState = "P-Answer-State";
    PAssertedService = "P-Asserted-Service";
    PChargingFunctionAddresses = "P-Charging-Function-Addresses";
    PDcsBillingInfo = "P-DCS-Billing-Info";
    PDcsLaes = "P-DCS-LAES";
    PDcsOsps = "P-DCS-OSPS";
    PDcsRedirect = "P-DCS-Redirect";
    PDcsTracePartyId = "P-DCS-Trace-Party-ID";
    PEarlyMedia = "P-Early-Media";
    PMediaAuthorization = "P-Media-Authorization";
    PPreferredService = "P-Preferred-Service";
    PPrivateNetworkIndication = "P-Private-Network-Indication";
    PProfileKey = "P-Profile-Key";
    PRefusedUriList = "P-Refused-URI-List";
    PServedUser = "P-Served-User";
    PUserDatabase = "P-User-Database";
    PermissionMissing = "Permission-Missing";
    PolicyContact = "Policy-Contact";
    PolicyId = "Policy-ID";
    PriorityShare = "Priority-Share";
    PriorityVerstat = "Priority-Verstat";
    PrivAnswerMode = "Priv-Answer-Mode";
    ReferEventsAt = "Refer-Events-At";
    RelayedCharge = "Relayed-Charge";
    RemotePartyId = "Remote-Party-ID";
    ResourceShare = "Resource-Share";
    ResponseKey = "Response-Key";
    ResponseSource = "Response-Source";
    RestorationInfo = "Restoration-Info";
    ServiceInteractInfo = "Service-Interact-Info";
    SessionId = "Session-ID";
    SuppressIfMatch = "Suppress-If-Match";
    TargetDialog = "Target-Dialog";
    TriggerConsent = "Trigger-Consent";
    UserToUser = "User-to-User";
}

/// The id of a name in its registered spelling.
pub(crate) const fn known_id(text: &str) -> NameId {
    NameId(position(text))
}

/// The position of a name in [`TEXTS`], plus one.
const fn position(text: &str) -> u8 {
    let mut at = 0;
    while at < TEXTS.len() {
        if eq(TEXTS[at].as_bytes(), text.as_bytes()) {
            return at as u8 + 1;
        }
        at += 1;
    }
    0
}

const fn eq(a: &[u8], b: &[u8]) -> bool {
    if a.len() != b.len() {
        return false;
    }
    let mut at = 0;
    while at < a.len() {
        if a[at] != b[at] {
            return false;
        }
        at += 1;
    }
    true
}

/// Size of the probe table: a power of two, sparse, so that probes are short.
const BUCKETS: usize = 512;

#[inline]
const fn bucket(name: &[u8]) -> usize {
    let len = name.len();
    let (first, middle, last) = (name[0] | 0x20, name[len / 2] | 0x20, name[len - 1] | 0x20);
    let mix = (len as u32)
        .wrapping_mul(0x9E37)
        .wrapping_add((first as u32).wrapping_mul(0x85EB))
        .wrapping_add((middle as u32).wrapping_mul(0x1B87_3593))
        .wrapping_add((last as u32).wrapping_mul(0xC2B2_AE35));
    ((mix ^ (mix >> 15)) as usize) % BUCKETS
}

static PROBE: [u8; BUCKETS] = probe_table();

const fn probe_table() -> [u8; BUCKETS] {
    let mut table = [0u8; BUCKETS];
    let mut at = 0;
    while at < TEXTS.len() {
        let mut slot = bucket(TEXTS[at].as_bytes());
        while table[slot] != 0 {
            slot = (slot + 1) % BUCKETS;
        }
        table[slot] = at as u8 + 1;
        at += 1;
    }
    table
}

/// The id of a compact form, by its letter `a` to `z`.
static LETTER: [u8; 26] = letters();

const fn letters() -> [u8; 26] {
    let mut table = [0u8; 26];
    let mut at = 0;
    while at < COMPACT.len() {
        let (letter, text) = COMPACT[at];
        table[(letter.as_bytes()[0] - b'a') as usize] = position(text);
        at += 1;
    }
    table
}

/// The id of a name as it stands on the wire.
#[inline]
pub(crate) fn lookup(name: &[u8]) -> NameId {
    match name {
        [] => NameId::OTHER,
        [letter] => NameId(LETTER.get((letter | 0x20).wrapping_sub(b'a') as usize).copied().unwrap_or(0)),
        _ => {
            let mut slot = bucket(name);
            loop {
                let id = PROBE[slot];
                if id == 0 {
                    return NameId::OTHER;
                }
                let text = TEXTS[id as usize - 1].as_bytes();
                // Most names come in their registered spelling.
                if text == name || text.eq_ignore_ascii_case(name) {
                    return NameId(id);
                }
                slot = (slot + 1) % BUCKETS;
            }
        }
    }
}

impl<'a> HeaderName<'a> {
    /// The name with this text: long or compact form, any case.
    ///
    /// Whether the text is a valid name is not checked here: see
    /// [`Message::append`](crate::Message::append).
    pub fn parse(text: &'a [u8]) -> Self {
        Self::from_id(lookup(text), text)
    }

    /// The name with this id, whose text is `text`.
    #[inline]
    pub(crate) fn from_id(id: NameId, text: &'a [u8]) -> Self {
        match KNOWN.get((id.0 as usize).wrapping_sub(1)) {
            Some(&known) => known,
            None => Self::Other(BStr::new(text)),
        }
    }

    /// The long form in its registered spelling (`Call-ID`), or the text of an unknown name.
    pub fn canonical(&self) -> &'a BStr {
        match (self.known_text(), self) {
            (None, Self::Other(text)) => text,
            (known, _) => BStr::new(known.unwrap_or_default()),
        }
    }

    /// The registered spelling of a known name.
    pub fn known(&self) -> Option<&'static str> {
        self.known_text()
    }
}

/// Names are equal when they name the same header: case-blind, compact or long.
impl PartialEq for HeaderName<'_> {
    fn eq(&self, other: &Self) -> bool {
        match (self.id(), other.id()) {
            (NameId::OTHER, NameId::OTHER) => self.canonical().eq_ignore_ascii_case(other.canonical()),
            (a, b) => a == b,
        }
    }
}

impl Eq for HeaderName<'_> {}

impl Hash for HeaderName<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let id = self.id();
        state.write_u8(id.0);
        if id == NameId::OTHER {
            self.canonical().iter().for_each(|b| state.write_u8(b.to_ascii_lowercase()));
        }
    }
}

impl<'a> From<&'a [u8]> for HeaderName<'a> {
    fn from(text: &'a [u8]) -> Self {
        Self::parse(text)
    }
}

impl<'a> From<&'a str> for HeaderName<'a> {
    fn from(text: &'a str) -> Self {
        Self::parse(text.as_bytes())
    }
}

impl<'a> From<&'a BStr> for HeaderName<'a> {
    fn from(text: &'a BStr) -> Self {
        Self::parse(text)
    }
}

impl fmt::Display for HeaderName<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self.canonical(), f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_known_name_is_found_in_any_case() {
        for (at, text) in TEXTS.iter().enumerate() {
            assert_eq!(lookup(text.as_bytes()), NameId(at as u8 + 1), "{text}");
            assert_eq!(lookup(text.to_ascii_uppercase().as_bytes()), NameId(at as u8 + 1), "{text}");
            assert_eq!(KNOWN[at].canonical(), *text);
            assert_eq!(KNOWN[at].id(), NameId(at as u8 + 1), "{text}");
        }
    }

    #[test]
    fn compact_forms_name_their_long_form() {
        for (letter, text) in COMPACT {
            assert_eq!(HeaderName::from(*letter).canonical(), *text);
            assert_eq!(HeaderName::from(letter.to_uppercase().as_str()), HeaderName::from(*text));
        }
        assert_eq!(HeaderName::from("q"), HeaderName::Other("Q".into()));
        assert_eq!(COMPACT.len(), 20);
    }

    #[test]
    fn unknown_names_are_equal_case_blind_and_unequal_to_known_ones() {
        assert_eq!(HeaderName::from("X-Test"), HeaderName::from("x-TEST"));
        assert_ne!(HeaderName::from("X-Test"), HeaderName::from("X-Tes"));
        assert_ne!(HeaderName::from("Vi"), HeaderName::Via);
        assert_eq!(HeaderName::Other("VIA".into()), HeaderName::Via);
        assert_eq!(HeaderName::from("").canonical(), "");
    }
}
