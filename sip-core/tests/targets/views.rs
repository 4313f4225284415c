//! Any bytes as the value of every header that has a view, and as the head of a message whose views are all asked.
//!
//! A test of `replay.rs` sees to it that every view of the library is here.

use bytes::Bytes;
use sip_core::{
    CSeq, Contact, ContactAddr, Expires, From, HeaderParams, HeaderView, Limits, MaxForwards, Message,
    MinExpires, NameAddr, PAssertedIdentity, PPreferredIdentity, Path, Q, RecordRoute, ReferTo, RetryAfter,
    Route, Target, To, Via, parse, unquote,
};

pub(crate) fn run(data: &[u8]) {
    values(data);
    let head = [b"OPTIONS sip:a SIP/2.0\r\n", data, b"\r\n\r\n"].concat();
    if let Ok(msg) = parse(Bytes::from(head), &Limits::default()) {
        message(&msg);
    }
}

/// The bytes as a value of each header.
fn values(data: &[u8]) {
    if let Ok(via) = Via::parse(data) {
        via_asked(&via);
    }
    if let Ok(addr) = NameAddr::parse(data) {
        address_asked(&addr);
    }
    for addr in [
        From::parse(data).map(|view| *view),
        To::parse(data).map(|view| *view),
        Route::parse(data).map(|view| *view),
        RecordRoute::parse(data).map(|view| *view),
        Path::parse(data).map(|view| *view),
        ReferTo::parse(data).map(|view| *view),
        PAssertedIdentity::parse(data).map(|view| *view),
        PPreferredIdentity::parse(data).map(|view| *view),
    ] {
        assert_eq!(addr.is_ok(), NameAddr::parse(data).is_ok(), "one grammar for all of them");
    }
    match Contact::parse(data) {
        Ok(Contact::Star) => assert!(NameAddr::parse(data).is_ok() || data.contains(&b'*')),
        Ok(Contact::Addr(addr)) => contact_asked(&addr),
        Err(error) => assert!(error.at() <= data.len()),
    }
    if let Ok(cseq) = CSeq::parse(data) {
        let written = format!("{} {}", cseq.number, cseq.method);
        assert_eq!(CSeq::parse(written.as_bytes()), Ok(cseq), "it is read as it is written");
    }
    if let Ok(MaxForwards(hops)) = MaxForwards::parse(data) {
        assert!(hops <= 255);
    }
    let _ = (Expires::parse(data), MinExpires::parse(data), RetryAfter::parse(data));
    if let Some(q) = Q::parse(data) {
        assert_eq!(Q::parse(q.to_string().as_bytes()), Some(q));
    }
    assert!(unquote(data).len() <= data.len());
}

fn params_asked(params: HeaderParams<'_>) {
    for param in params {
        assert!(!param.name.is_empty());
        if let Some(value) = param.value {
            let _ = unquote(value);
        }
    }
}

fn via_asked(via: &Via<'_>) {
    let _ = (via.host().to_string(), via.port(), via.received(), via.rport(), via.maddr(), via.ttl());
    let _ = (via.transport(), Target::from_via(via));
    assert!(!via.transport_text().is_empty() && !via.host_text().is_empty());
    assert_eq!(via.branch(), via.param("branch").flatten());
    params_asked(via.params());
}

fn address_asked(addr: &NameAddr<'_>) {
    let _ = (addr.display_text(), addr.uri().is_ok());
    assert!(!addr.uri_text().is_empty());
    assert_eq!(addr.tag(), addr.param("tag").flatten());
    params_asked(addr.params());
}

fn contact_asked(addr: &ContactAddr<'_>) {
    let _ = (addr.q(), addr.expires(), addr.instance());
    assert!(addr.reg_id().is_none_or(|id| id > 0));
    address_asked(addr.name_addr());
}

/// Every view of a message.
fn message(msg: &Message) {
    all::<Via<'_>>(msg);
    all::<From<'_>>(msg);
    all::<To<'_>>(msg);
    all::<Contact<'_>>(msg);
    all::<Route<'_>>(msg);
    all::<RecordRoute<'_>>(msg);
    all::<Path<'_>>(msg);
    all::<ReferTo<'_>>(msg);
    all::<PAssertedIdentity<'_>>(msg);
    all::<PPreferredIdentity<'_>>(msg);
    all::<CSeq<'_>>(msg);
    all::<MaxForwards>(msg);
    all::<Expires>(msg);
    all::<MinExpires>(msg);
    all::<RetryAfter>(msg);
    let _ = (msg.call_id(), msg.max_forwards(), msg.expires(), msg.has_token("Supported", "100rel"));
}

/// All values that `V` reads: the first is what one view gives.
fn all<'a, V: HeaderView<'a>>(msg: &'a Message) {
    let mut views = msg.views::<V>();
    let first = msg.view_if_present::<V>();
    match (views.next(), first) {
        (None, None) => {}
        (Some(a), Some(b)) => assert_eq!(a.is_ok(), b.is_ok()),
        (a, b) => panic!("views: {}, view: {}", a.is_some(), b.is_some()),
    }
    let lines = msg.headers(V::name()).map(|line| line.len()).sum::<usize>();
    assert!(views.count() <= lines, "no more values than bytes");
}
