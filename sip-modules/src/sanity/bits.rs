//! Which checks are to be run.

use std::ops::BitOr;

macro_rules! bits {
    ($(#[$doc:meta])* $name:ident { $($(#[$bit_doc:meta])* $bit:ident = $value:literal;)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
        pub struct $name(u32);

        impl $name {
            $($(#[$bit_doc])* pub const $bit: Self = Self($value);)*

            /// No check.
            pub const NONE: Self = Self(0);

            /// The checks of this number, as Kamailio has them. Bits that mean nothing here are dropped.
            pub const fn from_bits(bits: u32) -> Self {
                Self(bits & (0 $(| $value)*))
            }

            /// The number of these checks.
            pub const fn bits(self) -> u32 {
                self.0
            }

            /// Whether all of `other` are among them.
            pub const fn contains(self, other: Self) -> bool {
                self.0 & other.0 == other.0
            }

            /// These and `other`.
            #[must_use]
            pub const fn union(self, other: Self) -> Self {
                Self(self.0 | other.0)
            }
        }

        impl BitOr for $name {
            type Output = Self;

            fn bitor(self, other: Self) -> Self {
                self.union(other)
            }
        }
    };
}

bits! {
    /// Checks of a message. The numbers are those of KEMI's `sanity_check`; 2048 and 8192 (credentials) and 65536
    /// (sizes) are not among them.
    MessageChecks {
        /// 1: the SIP version. The parser refuses any but 2.0.
        RURI_VERSION = 1;
        /// 2: see [`ruri_scheme`](super::ruri_scheme).
        RURI_SCHEME = 2;
        /// 4: see [`required_headers`](super::required_headers).
        REQUIRED_HEADERS = 4;
        /// 8: nothing, as in Kamailio.
        VIA_VERSION = 8;
        /// 16: nothing, as in Kamailio.
        VIA_PROTOCOL = 16;
        /// 32: see [`cseq_method`](super::cseq_method).
        CSEQ_METHOD = 32;
        /// 64: see [`cseq_value`](super::cseq_value).
        CSEQ_VALUE = 64;
        /// 128: see [`content_length`](super::content_length).
        CONTENT_LENGTH = 128;
        /// 256: see [`expires_value`](super::expires_value).
        EXPIRES_VALUE = 256;
        /// 512: see [`proxy_require`](super::proxy_require).
        PROXY_REQUIRE = 512;
        /// 1024: see [`parse_uris`](super::parse_uris).
        PARSE_URIS = 1024;
        /// 4096: see [`duplicate_tags`](super::duplicate_tags).
        DUPLICATE_TAGS = 4096;
        /// 16384: see [`via1`](super::via1).
        VIA1 = 16384;
        /// 32768: see [`rfc3261`](super::rfc3261).
        RFC3261 = 32768;
    }
}

bits! {
    /// The URIs that [`MessageChecks::PARSE_URIS`] looks at.
    UriChecks {
        /// 1: the Request-URI.
        RURI = 1;
        /// 2: From.
        FROM = 2;
        /// 4: To.
        TO = 4;
        /// 8: every Contact.
        CONTACT = 8;
    }
}

impl MessageChecks {
    /// What a server should ask of every message: 17895, as Kamailio's sample configuration has it.
    pub const DEFAULT: Self = Self::from_bits(17_895);
}

impl UriChecks {
    /// 7: Request-URI, From and To.
    pub const DEFAULT: Self = Self::from_bits(7);
}
