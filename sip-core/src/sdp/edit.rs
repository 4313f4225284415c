//! Changes to lines: addresses, ports, directions, attributes, whole media.

use std::net::IpAddr;
use std::ops::Range;

use crate::ascii::is_token_text;
use crate::error::EditError;
use crate::sdp::Sdp;
use crate::sdp::formats::media_line;
use crate::sdp::line::{Line, fields};
use crate::sdp::section::{Direction, attribute};

/// Changes. A section is named by its number among the media, `None` for the session part; one that is not there is
/// [`EditError::NotThere`], the caller's fault.
impl Sdp<'_> {
    /// Puts `ip` into every `c=` line, with what family and TTL say, and returns how many there are.
    pub fn set_connections(&mut self, ip: IpAddr) -> usize {
        let lines = self.lines.iter_mut().filter(|line| line.kind() == b'c');
        lines.map(|line| *line = connection(ip)).count()
    }

    /// Puts `ip` into the `c=` line of this section; adds one in its place if there is none.
    ///
    /// # Errors
    ///
    /// [`EditError::NotThere`].
    pub fn set_connection(&mut self, media: Option<usize>, ip: IpAddr) -> Result<(), EditError> {
        let range = self.range(media)?;
        let section = &mut self.lines[range.clone()];
        if let Some(line) = section.iter_mut().find(|line| line.kind() == b'c') {
            *line = connection(ip);
            return Ok(());
        }
        // the order of RFC 8866 5: v o s i u e p c b t ... and m i c b k a
        let before = if media.is_some() { &b"mi"[..] } else { b"vosiuep" };
        let place = section.iter().position(|line| !before.contains(&line.kind())).unwrap_or(section.len());
        self.insert(range.start + place, connection(ip));
        Ok(())
    }

    /// Puts `ip` into the `o=` line.
    ///
    /// # Errors
    ///
    /// [`EditError::NotThere`] without an `o=` line of six fields.
    pub fn set_origin(&mut self, ip: IpAddr) -> Result<(), EditError> {
        let range = self.session_range();
        let line =
            self.lines[range].iter_mut().find(|line| line.kind() == b'o').ok_or(EditError::NotThere)?;
        let fields: Vec<&[u8]> = fields(line.value()).collect();
        let [user, id, version, _, _, _] = fields[..] else { return Err(EditError::NotThere) };
        let (family, address) = (family(ip), ip.to_string());
        *line = Line::new(
            b'o',
            &[user, b" ", id, b" ", version, b" ", family.as_bytes(), b" ", address.as_bytes()],
        );
        Ok(())
    }

    /// Sets the port of these media; 0 refuses them. Of several ports one is left.
    ///
    /// # Errors
    ///
    /// [`EditError::NotThere`].
    pub fn set_port(&mut self, media: usize, port: u16) -> Result<(), EditError> {
        let at = self.range(Some(media))?.start;
        let found = self.media().nth(media).ok_or(EditError::NotThere)?;
        let formats: Vec<&[u8]> = found.formats().map(|format| &**format).collect();
        let line = media_line(&found, port.to_string().as_bytes(), &formats);
        self.lines[at] = line;
        Ok(())
    }

    /// Sets the direction of this section: in the place of the attribute that was there, else at its end.
    ///
    /// # Errors
    ///
    /// [`EditError::NotThere`].
    pub fn set_direction(&mut self, media: Option<usize>, direction: Direction) -> Result<(), EditError> {
        let range = self.range(media)?;
        let line = Line::new(b'a', &[direction.name().as_bytes()]);
        let is_direction =
            |line: &Line<'_>| line.kind() == b'a' && Direction::parse(attribute(line.value()).0).is_some();
        match self.lines[range.clone()].iter().position(is_direction) {
            None => self.insert(range.end, line),
            Some(place) => {
                let first = range.start + place;
                self.lines[first] = line;
                self.remove_where(first + 1..range.end, is_direction);
            }
        }
        Ok(())
    }

    /// Adds an attribute at the end of this section.
    ///
    /// # Errors
    ///
    /// [`EditError::NotThere`]; [`EditError::InvalidName`] for a name that is no token; [`EditError::InvalidValue`]
    /// for CR, LF or NUL.
    pub fn add_attribute(
        &mut self,
        media: Option<usize>,
        name: &str,
        value: Option<&[u8]>,
    ) -> Result<(), EditError> {
        let range = self.range(media)?;
        if !is_token_text(name.as_bytes()) {
            return Err(EditError::InvalidName);
        }
        let value = value.unwrap_or_default();
        if let Some(at) = memchr::memchr3(b'\r', b'\n', 0, value) {
            return Err(EditError::InvalidValue { at });
        }
        let colon: &[u8] = if value.is_empty() { b"" } else { b":" };
        self.insert(range.end, Line::new(b'a', &[name.as_bytes(), colon, value]));
        Ok(())
    }

    /// Removes the attributes of this name from this section and returns how many there were.
    ///
    /// # Errors
    ///
    /// [`EditError::NotThere`].
    pub fn remove_attributes(&mut self, media: Option<usize>, name: &str) -> Result<usize, EditError> {
        let range = self.range(media)?;
        Ok(self.remove_where(range, |line| line.kind() == b'a' && attribute(line.value()).0 == name))
    }

    /// Removes every line that begins with `prefix`, such as `a=candidate:`, and returns how many there were. `v=` and
    /// `m=` lines stay, since they are what the description stands on: see [`Self::remove_media`].
    pub fn remove_lines(&mut self, prefix: &str) -> usize {
        let all = 0..self.lines.len();
        self.remove_where(all, |line| {
            !matches!(line.kind(), b'v' | b'm') && line.text().starts_with(prefix.as_bytes())
        })
    }

    /// Removes the media of this kind with all their lines and returns how many there were.
    ///
    /// An answer must have as many media as its offer (RFC 3264 6): there, use [`Self::set_port`] with 0.
    pub fn remove_media(&mut self, kind: &str) -> usize {
        let mut removed = 0;
        let mut inside = false;
        let mut at = 0;
        let goes: Vec<bool> = self
            .lines
            .iter()
            .map(|line| {
                if line.kind() == b'm' {
                    inside = fields(line.value()).next() == Some(kind.as_bytes());
                    removed += usize::from(inside);
                }
                inside
            })
            .collect();
        self.lines.retain(|_| {
            at += 1;
            !goes.get(at - 1).copied().unwrap_or(false)
        });
        removed
    }

    /// The lines of a section.
    fn range(&self, media: Option<usize>) -> Result<Range<usize>, EditError> {
        let Some(number) = media else { return Ok(self.session_range()) };
        let starts = self.lines.iter().enumerate().filter(|(_, line)| line.kind() == b'm');
        let at = starts.map(|(at, _)| at).nth(number).ok_or(EditError::NotThere)?;
        self.media_range_at(at).ok_or(EditError::NotThere)
    }

    /// Puts a line before line `at`.
    fn insert(&mut self, at: usize, line: Line<'static>) {
        if let Some(before) = at.checked_sub(1).and_then(|before| self.lines.get_mut(before)) {
            before.end();
        }
        self.lines.insert(at.min(self.lines.len()), line);
    }

    fn remove_where(&mut self, range: Range<usize>, goes: impl Fn(&Line<'_>) -> bool) -> usize {
        let before = self.lines.len();
        let mut at = 0;
        self.lines.retain(|line| {
            at += 1;
            !(range.contains(&(at - 1)) && goes(line))
        });
        before - self.lines.len()
    }
}

fn family(ip: IpAddr) -> &'static str {
    if ip.is_ipv4() { "IN IP4" } else { "IN IP6" }
}

fn connection(ip: IpAddr) -> Line<'static> {
    Line::new(b'c', &[family(ip).as_bytes(), b" ", ip.to_string().as_bytes()])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::limits::Limits;

    const BODY: &str = "v=0\no=- 1 2 IN IP4 10.0.0.1\ns=-\nb=AS:1\nt=0 0\na=sendonly\n\
        m=audio 10/2 RTP/AVP 0\ni=title\na=x\na=y:1\na=recvonly\na=sendonly\nm=video 20 RTP/AVP 31\nc=IN IP4 10.0.0.1/127";

    fn edited(edit: impl FnOnce(&mut Sdp<'_>)) -> String {
        let mut sdp = Sdp::parse(BODY.as_bytes(), &Limits::default()).unwrap();
        edit(&mut sdp);
        String::from_utf8(sdp.to_bytes()).unwrap()
    }

    #[test]
    fn addresses_are_written_with_their_family() {
        let v6: IpAddr = "2001:db8::1".parse().unwrap();
        assert_eq!(
            edited(|sdp| assert_eq!(sdp.set_connections(v6), 1)),
            BODY.replace("c=IN IP4 10.0.0.1/127", "c=IN IP6 2001:db8::1\r\n")
        );
        assert_eq!(
            edited(|sdp| sdp.set_origin(v6).unwrap()),
            BODY.replace("o=- 1 2 IN IP4 10.0.0.1\n", "o=- 1 2 IN IP6 2001:db8::1\r\n")
        );
    }

    #[test]
    fn a_new_connection_line_has_its_place() {
        let ip: IpAddr = "192.0.2.1".parse().unwrap();
        let both = edited(|sdp| {
            sdp.set_connection(Some(0), ip).unwrap();
            sdp.set_connection(None, ip).unwrap();
        });
        let wanted = BODY
            .replace("s=-\n", "s=-\nc=IN IP4 192.0.2.1\r\n")
            .replace("i=title\n", "i=title\nc=IN IP4 192.0.2.1\r\n");
        assert_eq!(both, wanted);
    }

    #[test]
    fn a_direction_is_replaced_in_every_form_in_which_it_is_read() {
        let body = b"v=0\r\nm=audio 9 RTP/AVP 0\r\na=sendrecv:\r\na=recvonly:x\r\n";
        let mut sdp = Sdp::parse(body, &Limits::default()).unwrap();
        sdp.set_direction(Some(0), Direction::Inactive).unwrap();
        assert_eq!(sdp.to_bytes(), b"v=0\r\nm=audio 9 RTP/AVP 0\r\na=inactive\r\n");
    }

    #[test]
    fn ports_and_directions_are_set_for_one_section() {
        assert_eq!(
            edited(|sdp| sdp.set_port(0, 0).unwrap()),
            BODY.replace("audio 10/2 RTP/AVP 0\n", "audio 0 RTP/AVP 0\r\n")
        );
        let held = edited(|sdp| sdp.set_direction(Some(0), Direction::Inactive).unwrap());
        assert_eq!(held, BODY.replace("a=recvonly\na=sendonly\n", "a=inactive\r\n"));
        let held = edited(|sdp| sdp.set_direction(Some(1), Direction::SendOnly).unwrap());
        assert_eq!(held, format!("{BODY}\r\na=sendonly\r\n"), "a last line without an end gets one");
    }

    #[test]
    fn attributes_come_and_go() {
        let text = edited(|sdp| {
            sdp.add_attribute(None, "z", Some(b"1")).unwrap();
            sdp.add_attribute(Some(0), "w", None).unwrap();
            assert_eq!(sdp.remove_attributes(Some(0), "y"), Ok(1));
            assert_eq!(sdp.remove_attributes(Some(1), "y"), Ok(0));
            let bad = sdp.add_attribute(None, "z", Some(b"1\r\na=x"));
            assert_eq!(bad, Err(EditError::InvalidValue { at: 1 }));
            assert_eq!(sdp.add_attribute(None, "z:", None), Err(EditError::InvalidName));
            assert_eq!(sdp.add_attribute(Some(2), "z", None), Err(EditError::NotThere));
        });
        let wanted = BODY
            .replace("a=y:1\n", "")
            .replace("m=audio", "a=z:1\r\nm=audio")
            .replace("m=video", "a=w\r\nm=video");
        assert_eq!(text, wanted);
    }

    #[test]
    fn lines_and_media_are_removed_whole() {
        assert_eq!(
            edited(|sdp| assert_eq!(sdp.remove_lines("a=sendonly"), 2)),
            BODY.replace("a=sendonly\n", "")
        );
        let few = edited(|sdp| assert_eq!(sdp.remove_lines(""), 11));
        assert_eq!(few, "v=0\nm=audio 10/2 RTP/AVP 0\nm=video 20 RTP/AVP 31\n");
        let audio = edited(|sdp| assert_eq!(sdp.remove_media("video"), 1));
        assert_eq!(audio, BODY[..BODY.find("m=video").unwrap()]);
        assert!(edited(|sdp| assert_eq!(sdp.remove_media("text"), 0)) == BODY);
    }
}
