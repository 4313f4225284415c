//! [`Section`] and [`Media`]: what the session part and the media parts say.

use std::net::IpAddr;
use std::ops::Deref;

use bstr::{BStr, ByteSlice};

use crate::ascii::decimal;
use crate::sdp::line::{Line, fields};
use crate::uri::host::parse_ip;

/// Which way media flow, as the sender of the description sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Direction {
    /// Both ways; what holds if nothing is said.
    SendRecv,
    /// Out alone.
    SendOnly,
    /// In alone.
    RecvOnly,
    /// Neither.
    Inactive,
}

impl Direction {
    /// The direction that this attribute names.
    pub(crate) fn parse(name: &[u8]) -> Option<Self> {
        let all = [Self::SendRecv, Self::SendOnly, Self::RecvOnly, Self::Inactive];
        all.into_iter().find(|direction| direction.name().as_bytes() == name)
    }

    /// The name of the attribute.
    pub fn name(self) -> &'static str {
        match self {
            Self::SendRecv => "sendrecv",
            Self::SendOnly => "sendonly",
            Self::RecvOnly => "recvonly",
            Self::Inactive => "inactive",
        }
    }
}

/// Some lines that belong together: the session part, or one media with what holds for it.
#[derive(Clone, Copy, Debug)]
pub struct Section<'s, 'a> {
    pub(crate) lines: &'s [Line<'a>],
}

impl<'s> Section<'s, '_> {
    /// The lines, in order: kind and value.
    pub fn lines(&self) -> impl Iterator<Item = (char, &'s BStr)> + use<'s, '_> {
        self.lines.iter().map(|line| (char::from(line.kind()), line.value().as_bstr()))
    }

    /// The value of the first line of this kind.
    pub fn value(&self, kind: char) -> Option<&'s BStr> {
        self.lines().find(|(found, _)| *found == kind).map(|(_, value)| value)
    }

    /// The attributes, in order: name, and what stands behind the colon.
    pub fn attributes(&self) -> impl Iterator<Item = (&'s BStr, Option<&'s BStr>)> + use<'s, '_> {
        self.lines.iter().filter(|line| line.kind() == b'a').map(|line| attribute(line.value()))
    }

    /// The first attribute called `name`: `None` absent, `Some(None)` without a value. Case matters (RFC 8866 6).
    pub fn attribute(&self, name: &str) -> Option<Option<&'s BStr>> {
        self.attributes().find(|(found, _)| *found == name).map(|(_, value)| value)
    }

    /// The address of the `c=` or `o=` line, as written: behind `IN IP4` or `IN IP6`, without `/ttl`.
    fn address(&self, kind: char, skip: usize) -> Option<&'s BStr> {
        let text: &'s [u8] = self.value(kind)?;
        let address = fields(text).nth(skip)?;
        Some(address.split(|&byte| byte == b'/').next().unwrap_or_default().as_bstr())
    }

    /// The address of the first `c=` line of this section, as written.
    pub fn connection(&self) -> Option<&'s BStr> {
        self.address('c', 2)
    }

    /// The address of the `o=` line, as written.
    pub fn origin(&self) -> Option<&'s BStr> {
        self.address('o', 5)
    }

    /// The direction that an attribute of this section names.
    pub fn direction(&self) -> Option<Direction> {
        self.attributes().find_map(|(name, _)| Direction::parse(name))
    }
}

/// One media: its `m=` line and what follows it, with the session part behind it.
#[derive(Clone, Copy, Debug)]
pub struct Media<'s, 'a> {
    pub(crate) section: Section<'s, 'a>,
    /// What the session part says, found once for all media.
    pub(crate) session_address: Option<&'s BStr>,
    pub(crate) session_flow: Option<Direction>,
}

impl<'s, 'a> Deref for Media<'s, 'a> {
    type Target = Section<'s, 'a>;

    fn deref(&self) -> &Section<'s, 'a> {
        &self.section
    }
}

impl<'s> Media<'s, '_> {
    /// Field `at` of the `m=` line, which was checked.
    fn field(&self, at: usize) -> &'s [u8] {
        let text: &'s [u8] = self.section.value('m').unwrap_or_default();
        fields(text).nth(at).unwrap_or_default()
    }

    /// `audio`, `video`, `image`, `application`, `message` ...
    pub fn kind(&self) -> &'s BStr {
        self.field(0).as_bstr()
    }

    /// The port; 0 for media that are refused or over.
    pub fn port(&self) -> u16 {
        port_and_count(self.field(1)).map_or(0, |(port, _)| port)
    }

    /// How many ports there are, from [`Self::port`] on.
    pub fn port_count(&self) -> u32 {
        port_and_count(self.field(1)).map_or(1, |(_, count)| count)
    }

    /// The transport: `RTP/AVP`, `UDP/TLS/RTP/SAVPF`, `udptl` ...
    pub fn protocol(&self) -> &'s BStr {
        self.field(2).as_bstr()
    }

    /// Whether RTP is spoken, so that formats are payload types.
    pub fn is_rtp(&self) -> bool {
        self.protocol().split(|&byte| byte == b'/').any(|part| part == b"RTP")
    }

    /// The formats: payload types, or what else the protocol has.
    pub fn formats(&self) -> impl Iterator<Item = &'s BStr> + use<'s> {
        let text: &'s [u8] = self.section.value('m').unwrap_or_default();
        fields(text).skip(3).map(ByteSlice::as_bstr)
    }

    /// Where the media go: the address of its own `c=` line, else that of the session.
    pub fn address(&self) -> Option<&'s BStr> {
        self.section.connection().or(self.session_address)
    }

    /// Which way it flows: its own attribute, else that of the session, else both.
    pub fn flow(&self) -> Direction {
        self.section.direction().or(self.session_flow).unwrap_or(Direction::SendRecv)
    }

    /// Whether the other side is on hold: the sender of this does not want its media (RFC 3264 8.4), said by the
    /// direction or, in the old way, by the address 0.0.0.0.
    pub fn is_on_hold(&self) -> bool {
        let nowhere =
            self.address().and_then(|text| parse_ip(text)).is_some_and(|ip: IpAddr| ip.is_unspecified());
        nowhere || matches!(self.flow(), Direction::SendOnly | Direction::Inactive)
    }
}

/// The name of an attribute, and what stands behind its colon.
pub(crate) fn attribute(value: &[u8]) -> (&BStr, Option<&BStr>) {
    match memchr::memchr(b':', value) {
        Some(colon) => (value[..colon].as_bstr(), Some(value[colon + 1..].as_bstr())),
        None => (value.as_bstr(), None),
    }
}

/// Whether an `m=` line can be read: media, port, protocol, at least one format.
pub(crate) fn is_media(value: &[u8]) -> bool {
    let mut fields = fields(value);
    let (kind, port) = (fields.next(), fields.next());
    kind.is_some()
        && port.and_then(port_and_count).is_some()
        && fields.next().is_some()
        && fields.next().is_some()
}

/// `49170` or `49170/2`
fn port_and_count(text: &[u8]) -> Option<(u16, u32)> {
    let (port, count) = match memchr::memchr(b'/', text) {
        Some(slash) => (&text[..slash], u32::try_from(decimal(&text[slash + 1..])?).ok()?),
        None => (text, 1),
    };
    Some((u16::try_from(decimal(port)?).ok()?, count))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::limits::Limits;
    use crate::sdp::Sdp;

    fn read(body: &str) -> Sdp<'_> {
        Sdp::parse(body.as_bytes(), &Limits::default()).unwrap()
    }

    #[test]
    fn media_have_ports_protocol_and_formats() {
        let sdp = read("v=0\nm=audio 49170/2 RTP/AVP 0 8\nm=image 0 udptl t38\nm=audio 9 RTPX/AVP 0\n");
        let media: Vec<_> = sdp.media().collect();
        assert_eq!((media[0].kind(), media[0].port(), media[0].port_count()), ("audio".into(), 49170, 2));
        assert_eq!(media[0].formats().collect::<Vec<_>>(), ["0", "8"]);
        assert!(media[0].is_rtp() && !media[1].is_rtp() && !media[2].is_rtp());
        assert_eq!((media[1].port(), media[1].port_count()), (0, 1));
    }

    #[test]
    fn what_media_do_not_say_the_session_says() {
        let sdp = read(
            "v=0\no=a 1 2 IN IP6 ::1\nc=IN IP4 224.2.1.1/127/3\na=inactive\n\
             m=audio 1 RTP/AVP 0\nm=video 1 RTP/AVP 31\nc=IN IP4 192.0.2.1\na=recvonly\na=x:1:2\n",
        );
        assert_eq!(
            (sdp.session().origin(), sdp.session().connection()),
            (Some("::1".into()), Some("224.2.1.1".into()))
        );
        let media: Vec<_> = sdp.media().collect();
        assert_eq!((media[0].address(), media[0].flow()), (Some("224.2.1.1".into()), Direction::Inactive));
        assert_eq!((media[1].address(), media[1].flow()), (Some("192.0.2.1".into()), Direction::RecvOnly));
        assert_eq!(media[1].attribute("x"), Some(Some("1:2".into())));
        assert_eq!((media[1].attribute("recvonly"), media[1].attribute("X")), (Some(None), None));
        assert_eq!(media[0].connection(), None);
    }

    #[test]
    fn hold_is_said_by_direction_or_by_the_address_nowhere() {
        let held = |lines: &str| read(&format!("v=0\n{lines}")).media().next().unwrap().is_on_hold();
        assert!(held("m=audio 1 RTP/AVP 0\na=sendonly\n") && held("a=inactive\nm=audio 1 RTP/AVP 0\n"));
        assert!(
            held("c=IN IP4 0.0.0.0\nm=audio 1 RTP/AVP 0\n") && held("m=audio 1 RTP/AVP 0\nc=IN IP6 ::\n")
        );
        assert!(
            !held("a=sendonly\nm=audio 1 RTP/AVP 0\na=sendrecv\n")
                && !held("m=audio 1 RTP/AVP 0\na=recvonly\n")
        );
    }
}
