//! [`Codec`]: what a payload type stands for.
//!
//! Source: RFC 8866 6.6 (`rtpmap`) and 6.15 (`fmtp`), RFC 3551 6 (static payload types).

use std::collections::HashMap;

use bstr::{BStr, ByteSlice};

use crate::ascii::{decimal, trim};
use crate::sdp::section::Media;

/// One payload type of RTP media.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Codec<'s> {
    /// The payload type, as it stands among the formats.
    pub payload: &'s BStr,
    /// The encoding, from `rtpmap` or as registered for a static type.
    pub name: Option<&'s BStr>,
    /// The clock rate.
    pub clock: Option<u32>,
    /// The channels, if they are said.
    pub channels: Option<u32>,
    /// The parameters, from `fmtp`.
    pub parameters: Option<&'s BStr>,
}

impl Codec<'_> {
    /// Whether this is the encoding called `name`, in any case.
    pub fn is(&self, name: &str) -> bool {
        self.name.is_some_and(|found| found.eq_ignore_ascii_case(name.as_bytes()))
    }

    /// The payload type whose packets are sent again under this one (`rtx`, RFC 4588 8.1).
    pub(crate) fn repeats(&self) -> Option<&[u8]> {
        if !self.is("rtx") {
            return None;
        }
        let parameters: &[u8] = self.parameters?;
        let apt = parameters.split(|&byte| byte == b';').find_map(|one| trim(one).strip_prefix(b"apt="))?;
        Some(trim(apt))
    }
}

impl<'s> Media<'s, '_> {
    /// The codecs in the order of preference; none unless [`Media::is_rtp`].
    pub fn codecs(&self) -> Vec<Codec<'s>> {
        if !self.is_rtp() {
            return Vec::new();
        }
        let mut said: HashMap<&[u8], (Option<&'s BStr>, Option<&'s BStr>)> = HashMap::new();
        for (name, value) in self.attributes() {
            let is_map = name == "rtpmap";
            if !is_map && name != "fmtp" {
                continue;
            }
            let Some((payload, text)) = value.and_then(|value| payload_and_rest(value)) else { continue };
            let (map, parameters) = said.entry(payload).or_default();
            let slot = if is_map { map } else { parameters };
            slot.get_or_insert(text.as_bstr());
        }
        let codec = |payload: &'s BStr| {
            let (map, parameters) = said.get(&**payload).copied().unwrap_or_default();
            let map = map.or_else(|| static_type(payload).map(BStr::new));
            let mut parts =
                map.map(|map| -> &'s [u8] { map }).unwrap_or_default().split(|&byte| byte == b'/');
            let name = parts.next().filter(|name| !name.is_empty()).map(ByteSlice::as_bstr);
            let mut number = || parts.next().and_then(decimal).and_then(|number| u32::try_from(number).ok());
            Codec { payload, name, clock: number(), channels: number(), parameters }
        };
        self.formats().map(codec).collect()
    }
}

/// The payload type that an attribute is about, and what it says.
pub(crate) fn payload_and_rest(value: &[u8]) -> Option<(&[u8], &[u8])> {
    let space = value.iter().position(|&byte| byte == b' ')?;
    Some((&value[..space], trim(&value[space..])))
}

/// What RFC 3551 says about a payload type.
fn static_type(payload: &[u8]) -> Option<&'static str> {
    Some(match decimal(payload)? {
        0 => "PCMU/8000",
        3 => "GSM/8000",
        4 => "G723/8000",
        5 => "DVI4/8000",
        6 => "DVI4/16000",
        7 => "LPC/8000",
        8 => "PCMA/8000",
        9 => "G722/8000",
        10 => "L16/44100/2",
        11 => "L16/44100/1",
        12 => "QCELP/8000",
        13 => "CN/8000",
        14 => "MPA/90000",
        15 => "G728/8000",
        16 => "DVI4/11025",
        17 => "DVI4/22050",
        18 => "G729/8000",
        25 => "CelB/90000",
        26 => "JPEG/90000",
        28 => "nv/90000",
        31 => "H261/90000",
        32 => "MPV/90000",
        33 => "MP2T/90000",
        34 => "H263/90000",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use crate::parse::limits::Limits;
    use crate::sdp::Sdp;

    #[test]
    fn codecs_are_named_by_attributes_or_by_their_number() {
        let body = b"v=0\nm=audio 1 RTP/SAVP 0 111 101 77 8\na=rtpmap:111 opus/48000/2\na=fmtp:111 useinbandfec=1\n\
            a=rtpmap:101  telephone-event/8000\na=rtpmap:111 other/1\na=rtpmap:8 X-mine/16000\na=rtpmap:nonsense\n";
        let sdp = Sdp::parse(body, &Limits::default()).unwrap();
        let codecs = sdp.media().next().unwrap().codecs();
        let seen: Vec<_> =
            codecs.iter().map(|codec| (codec.name.map(ToString::to_string), codec.clock)).collect();
        let named = |name: &str, clock| (Some(name.to_string()), Some(clock));
        assert_eq!(
            seen,
            [
                named("PCMU", 8000),
                named("opus", 48000),
                named("telephone-event", 8000),
                (None, None),
                named("X-mine", 16000)
            ]
        );
        assert_eq!((codecs[1].channels, codecs[1].parameters), (Some(2), Some("useinbandfec=1".into())));
        assert!(codecs[1].is("OPUS") && !codecs[3].is(""));
    }

    #[test]
    fn other_protocols_have_no_codecs() {
        let sdp = Sdp::parse(b"v=0\nm=image 1 udptl t38\n", &Limits::default()).unwrap();
        assert!(sdp.media().next().unwrap().codecs().is_empty());
    }
}
