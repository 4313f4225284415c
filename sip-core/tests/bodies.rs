//! Bodies of random shape: the laws of `targets/body.rs` hold for all of them.

#![allow(clippy::expect_used, reason = "helpers of tests")]

#[path = "targets/body.rs"]
mod target;

use proptest::prelude::*;
use proptest::sample::select;

/// Text with a liking for boundaries, or for session descriptions.
fn soup(pieces: &'static [&'static str]) -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        12 => select(pieces).prop_map(|text| text.as_bytes().to_vec()),
        1 => proptest::collection::vec(any::<u8>(), 0..4),
    ];
    proptest::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

const PARTS: &[&str] = &[
    "--b\r\n",
    "\r\n--b\r\n",
    "\r\n--b--",
    "--b--\r\n",
    "\r\n--c\r\n",
    "\r\n--c--\r\n",
    "--b",
    "\r\n",
    "--",
    " ",
    "text",
    "A: b\r\n",
    "Content-Type: multipart/x;boundary=c\r\n\r\n",
    "Content-Type: application/sdp\r\n\r\n",
    "v=0\r\nm=audio 1 RTP/AVP 0\r\n",
];

const LINES: &[&str] = &[
    "v=0\r\n",
    "o=- 1 2 IN IP4 10.0.0.1\r\n",
    "o=-\n",
    "s=-\n",
    "c=IN IP4 0.0.0.0\r\n",
    "c=IN\r\n",
    "t=0 0\r\n",
    "m=audio 9/2 RTP/AVP 0 8 96 97 0\r\n",
    "m=audio 9 UDP/TLS/RTP/SAVPF 111",
    "m=video 0 RTP/AVP 31\n",
    "m=image 1 udptl t38\r\n",
    "a=rtpmap:96 opus/48000/2\r\n",
    "a=rtpmap:97 rtx/8000\r\na=fmtp:97 apt=96\r\n",
    "a=rtpmap:8\r\n",
    "a=sendonly\r\n",
    "a=inactive\n",
    "a=x:y\r\n",
    "a=",
    "\r\n",
    "\n",
    "\r",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    /// Whatever stands in a multipart body, its parts are in their place and nothing panics.
    #[test]
    fn parts_of_any_shape_stand_where_they_say(body in soup(PARTS), begun in any::<bool>()) {
        let begin = if begun { "--b\r\n" } else { "" };
        target::run(&[b"multipart/mixed;boundary=b\n", begin.as_bytes(), &body, b"\r\n--b--"].concat());
    }

    /// Whatever a session description says, it leaves as it came, and after changes it can be read again.
    #[test]
    fn descriptions_of_any_shape_read_back(body in soup(LINES)) {
        target::run(&[b"application/sdp\nv=0\r\n", &body[..]].concat());
    }
}
