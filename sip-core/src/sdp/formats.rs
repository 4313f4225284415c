//! Changes to the formats of media: which codecs stay, and in which order.
//!
//! Source: RFC 3264 5.1 and 6 (order is preference; refused media have port 0 and keep a format), RFC 4588 8.1.

use std::collections::HashSet;

use bstr::ByteSlice;

use crate::sdp::Sdp;
use crate::sdp::codec::{Codec, payload_and_rest};
use crate::sdp::line::{Line, fields};
use crate::sdp::section::{Media, attribute};

impl Sdp<'_> {
    /// Keeps the codecs of RTP media of this kind (`audio`, `video`; empty means all) for which `keep` says so, and
    /// returns how many went.
    ///
    /// The attributes `rtpmap`, `fmtp` and `rtcp-fb` of a codec go with it, and so does its retransmission (`rtx`).
    /// Media that would be without any codec keep theirs and get port 0: refused.
    pub fn retain_codecs(&mut self, kind: &str, mut keep: impl FnMut(&Codec<'_>) -> bool) -> usize {
        self.edit_formats(kind, |media| {
            let codecs = media.codecs();
            let mut gone: HashSet<&[u8]> = HashSet::new();
            for codec in &codecs {
                if !keep(codec) {
                    gone.insert(codec.payload);
                }
            }
            let repeats_gone =
                |codec: &&Codec<'_>| codec.repeats().is_some_and(|payload| gone.contains(payload));
            let repeats: Vec<&[u8]> =
                codecs.iter().filter(repeats_gone).map(|codec| &**codec.payload).collect();
            gone.extend(repeats);
            let kept = codecs.iter().filter(|codec| !gone.contains(&**codec.payload));
            let kept: Vec<Vec<u8>> = kept.map(|codec| codec.payload.to_vec()).collect();
            (kept.len() < codecs.len()).then_some(kept)
        })
    }

    /// Puts the codecs of RTP media of this kind (empty means all) into the order of `rank`, lowest first; equal ones
    /// stay as they stand.
    pub fn sort_codecs(&mut self, kind: &str, mut rank: impl FnMut(&Codec<'_>) -> usize) {
        self.edit_formats(kind, |media| {
            let mut codecs = media.codecs();
            codecs.sort_by_cached_key(|codec| rank(codec));
            let order: Vec<Vec<u8>> = codecs.iter().map(|codec| codec.payload.to_vec()).collect();
            let same = media.formats().eq(order.iter().map(|payload| payload.as_bstr()));
            (!same).then_some(order)
        });
    }

    /// Writes new formats into the `m=` lines of RTP media of this kind and drops the attributes of those that are
    /// gone. Returns how many formats went.
    fn edit_formats(
        &mut self,
        kind: &str,
        mut formats: impl FnMut(&Media<'_, '_>) -> Option<Vec<Vec<u8>>>,
    ) -> usize {
        let mut gone_in_all = 0;
        let mut edits = Vec::new();
        let mut at = self.session_range().end;
        for media in self.media() {
            let end = at + media.section.lines.len();
            if media.is_rtp() && (kind.is_empty() || media.kind() == kind) {
                edits.extend(formats(&media).map(|kept| edit(&media, at, end, kept)));
            }
            at = end;
        }
        if edits.is_empty() {
            return 0;
        }
        let mut edits = edits.into_iter().peekable();
        let old = std::mem::take(&mut self.lines);
        for (at, line) in old.into_iter().enumerate() {
            while edits.next_if(|edit| edit.end <= at).is_some() {}
            match edits.peek_mut().filter(|edit| edit.at <= at) {
                Some(edit) if edit.at == at => {
                    gone_in_all += edit.count;
                    self.lines.push(edit.line.clone());
                }
                Some(edit) if is_about(&line, &edit.gone) => {}
                _ => self.lines.push(line),
            }
        }
        gone_in_all
    }
}

/// A change to one media section.
struct Edit {
    at: usize,
    end: usize,
    line: Line<'static>,
    gone: HashSet<Vec<u8>>,
    /// How many formats went; one may stand there twice.
    count: usize,
}

fn edit(media: &Media<'_, '_>, at: usize, end: usize, kept: Vec<Vec<u8>>) -> Edit {
    let mut gone: HashSet<Vec<u8>> = media.formats().map(|format| format.to_vec()).collect();
    kept.iter().for_each(|format| {
        gone.remove(format);
    });
    let mut count = media.formats().count() - kept.len();
    let line = if kept.is_empty() {
        gone.clear();
        count = 0;
        let formats: Vec<&[u8]> = media.formats().map(|format| &**format).collect();
        media_line(media, b"0", &formats)
    } else {
        let port = fields(media.value('m').unwrap_or_default()).nth(1).unwrap_or_default();
        media_line(media, port, &kept.iter().map(Vec::as_slice).collect::<Vec<_>>())
    };
    Edit { at, end, line, gone, count }
}

/// The `m=` line of media with another port and other formats.
pub(crate) fn media_line(media: &Media<'_, '_>, port: &[u8], formats: &[&[u8]]) -> Line<'static> {
    let formats = formats.join(&b" "[..]);
    Line::new(b'm', &[media.kind(), b" ", port, b" ", media.protocol(), b" ", &formats])
}

/// Whether a line is an attribute of one of these payload types.
fn is_about(line: &Line<'_>, payloads: &HashSet<Vec<u8>>) -> bool {
    if line.kind() != b'a' {
        return false;
    }
    let (name, value) = attribute(line.value());
    let known = ["rtpmap", "fmtp", "rtcp-fb"].iter().any(|known| name == known);
    known
        && value
            .and_then(|value| payload_and_rest(value))
            .is_some_and(|(payload, _)| payloads.contains(payload))
}

#[cfg(test)]
mod tests {
    use crate::parse::limits::Limits;
    use crate::sdp::Sdp;

    const BODY: &str = "v=0\r\nm=audio 9/2 RTP/AVP 0 8 101\r\na=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\n\
        a=x\r\nm=video 9 RTP/SAVPF 96 97 98\r\na=rtpmap:96 VP8/90000\r\na=rtcp-fb:96 nack pli\r\na=rtcp-fb:* ccm fir\r\n\
        a=rtpmap:97 rtx/90000\r\na=fmtp:97 apt=96\r\na=rtpmap:98 H264/90000\r\nm=image 1 udptl t38\r\n";

    fn sdp() -> Sdp<'static> {
        Sdp::parse(BODY.as_bytes(), &Limits::default()).unwrap()
    }

    fn text(sdp: &Sdp<'_>) -> String {
        String::from_utf8(sdp.to_bytes()).unwrap()
    }

    #[test]
    fn a_codec_goes_with_its_attributes_and_its_retransmission() {
        let mut sdp = sdp();
        assert_eq!(sdp.retain_codecs("video", |codec| !codec.is("vp8")), 2);
        let wanted = BODY
            .replace("SAVPF 96 97 98", "SAVPF 98")
            .replace("a=rtpmap:96 VP8/90000\r\na=rtcp-fb:96 nack pli\r\n", "")
            .replace("a=rtpmap:97 rtx/90000\r\na=fmtp:97 apt=96\r\n", "");
        assert_eq!(text(&sdp), wanted);
        assert_eq!(sdp.retain_codecs("", |codec| codec.payload != "8" && codec.payload != "101"), 2);
        assert!(text(&sdp).starts_with("v=0\r\nm=audio 9/2 RTP/AVP 0\r\na=x\r\nm=video 9 RTP/SAVPF 98\r\n"));
        assert_eq!(sdp.retain_codecs("", |_| true), 0);
    }

    #[test]
    fn media_without_a_codec_left_are_refused() {
        let mut sdp = sdp();
        assert_eq!(sdp.retain_codecs("audio", |_| false), 0);
        assert_eq!(text(&sdp), BODY.replace("audio 9/2", "audio 0"));
    }

    #[test]
    fn codecs_are_sorted_and_equals_stay_in_order() {
        let mut sdp = sdp();
        sdp.sort_codecs("", |codec| usize::from(!codec.is("PCMA") && !codec.is("H264")));
        let wanted = BODY.replace("AVP 0 8 101", "AVP 8 0 101").replace("SAVPF 96 97 98", "SAVPF 98 96 97");
        assert_eq!(text(&sdp), wanted);
        sdp.sort_codecs("text", |_| 0);
        assert_eq!(text(&sdp), wanted);
    }
}
