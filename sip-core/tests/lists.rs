//! A view that reads a comma list in its place sees what one does that gets each value cut out.

#![allow(clippy::expect_used, reason = "helpers of tests")]

use std::fmt::Debug;

use proptest::collection::vec;
use proptest::prelude::*;
use sip_core::{Contact, HeaderView, Limits, Message, PAssertedIdentity, Route, Via, parse};

/// What lists are made of, whole and broken.
fn any_list() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        ",",
        ", ",
        " ,",
        "\r\n ",
        "\t",
        " ",
        ";",
        "=",
        "\"",
        "\"a,b\"",
        "\"a\\\"b\" ",
        "<",
        ">",
        "<sip:a,b@c>",
        "<sip:a;lr>",
        "<sip:alice@192.0.2.1:5060;transport=udp>",
        "sip:a@b.example",
        "*",
        "?",
        "a",
        "SIP/2.0/UDP a",
        "SIP/2.0/TCP 192.0.2.1:5060",
        "SIP / 2.0 / UDP [2001:db8::1] : 5060",
        "SIP/2.0/TLS proxy.biloxi.example.com",
        "sip/2.0/udp b..c",
        "SIP/2.0/UDP c.example.1",
        ";branch=z9hG4bK1f40.9c0e11d2",
        ";branch",
        ";branch=",
        "; branch = \"x\"",
        ";BRANCH=1",
        ";branch=a\u{e9}b=%+*c",
        ";rport",
        ";rport=x",
        ";rport=5060",
        ";received=192.0.2.1",
        ";received",
        ";tag=9fxced76sl",
        ";tag",
        ";tag=\"a,b\"",
        ";lr",
        ";q=0.5",
        "Bob ",
        "Bob, <sip:b>",
    ]);
    vec(piece, 0..10).prop_map(|pieces| pieces.concat())
}

fn same<'a, V: HeaderView<'a> + Debug>(msg: &'a Message) -> Result<(), TestCaseError> {
    let in_place: Vec<String> = msg.views::<V>().map(|view| format!("{view:?}")).collect();
    let cut_out: Vec<String> = msg.values(V::name()).map(|value| format!("{:?}", V::parse(value))).collect();
    prop_assert_eq!(&in_place, &cut_out);
    let first = msg.view_if_present::<V>().map(|view| format!("{view:?}"));
    prop_assert_eq!(first.as_ref(), cut_out.first());
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4096, ..ProptestConfig::default() })]

    /// Every list view, over two lines of one name.
    #[test]
    fn a_list_read_in_its_place_has_the_values_that_are_cut_out_of_it(one in any_list(), two in any_list()) {
        let lines = |name: &str| format!("{name}: {one}\r\n{name}: {two}\r\n");
        let head = ["Via", "Route", "Contact", "P-Asserted-Identity"].map(lines).concat();
        let wire = format!("OPTIONS sip:a SIP/2.0\r\n{head}\r\n");
        let msg = parse(wire.into(), &Limits::default()).expect("no line end but folds");
        same::<Via<'_>>(&msg)?;
        same::<Route<'_>>(&msg)?;
        same::<Contact<'_>>(&msg)?;
        same::<PAssertedIdentity<'_>>(&msg)?;
    }
}
