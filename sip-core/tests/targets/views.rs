//! Any bytes as the value of every header that has a view, and as the head of a message whose views are all asked.
//!
//! A test of `replay.rs` sees to it that every view of the library is here.

use bytes::Bytes;
use sip_core::{
    Accept, AuthParams, AuthValue, AuthenticationInfo, Authorization, CSeq, Contact, ContactAddr,
    ContentType, Date, DialogId, DigestChallenge, DigestCredentials, DigestInfo, Diversion, Event, Expires,
    From, HeaderParams, HeaderValue, HeaderView, HistoryInfo, Join, Limits, MaxForwards, MediaType, Message,
    MinExpires, MinSe, NameAddr, PAssertedIdentity, PPreferredIdentity, Path, ProxyAuthenticate,
    ProxyAuthorization, Q, RAck, RSeq, Reason, RecordRoute, ReferTo, ReferredBy, Refresher, RemotePartyId,
    Replaces, RetryAfter, Route, ServiceRoute, SessionExpires, SubscriptionState, Target, TargetDialog, To,
    ValueParams, Via, Word, Words, WwwAuthenticate, parse, quote, unquote,
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
        RemotePartyId::parse(data).map(|view| *view),
        ServiceRoute::parse(data).map(|view| *view),
        ReferredBy::parse(data).map(|view| *view),
        HistoryInfo::parse(data).map(|view| *view),
        Diversion::parse(data).map(|view| *view),
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
    let quoted = quote(data);
    assert_eq!(unquote(&quoted[1..quoted.len() - 1]), data, "a quoted text says what it said");
    if let Ok(value) = HeaderValue::parse(data) {
        generic_asked(&value);
    }
    authentication(data);
    more_values(data);
}

/// The view for everything else.
fn generic_asked(value: &HeaderValue<'_>) {
    let words: Words<'_> = value.words();
    for word in words {
        assert_ne!(word, Word::Plain("".into()), "a word is something");
    }
    let params: ValueParams<'_> = value.params();
    assert!(params.into_iter().all(|param| !param.name.is_empty()));
    let _ = (value.main(), value.text(), value.comment(), value.leading_param());
}

fn authentication(data: &[u8]) {
    let values = [
        Authorization::parse(data).map(|view| {
            let _: Result<DigestCredentials<'_>, _> = view.digest().inspect(|digest| {
                let _ = (digest.user(), digest.nonce_count(), digest.exchange(b"INVITE", data));
            });
            *view
        }),
        ProxyAuthorization::parse(data).map(|view| *view),
        WwwAuthenticate::parse(data).map(|view| {
            let _: Result<DigestChallenge<'_>, _> = view.digest().inspect(|digest| {
                let _ = digest.algorithm();
            });
            *view
        }),
        ProxyAuthenticate::parse(data).map(|view| *view),
    ];
    for value in values.iter().flatten() {
        let value: &AuthValue<'_> = value;
        let params: AuthParams<'_> = value.params();
        assert!(!value.scheme().is_empty() && params.count() <= data.len());
    }
    if let Ok(info) = AuthenticationInfo::parse(data) {
        let _: &DigestInfo<'_> = &info;
    }
}

fn more_values(data: &[u8]) {
    match MediaType::parse(data) {
        Ok(kind) => {
            let written = format!("{}/{}", kind.kind(), kind.subtype());
            assert!(kind.is(&written) && kind.accepts(&kind));
            params_asked(kind.params());
            assert!(ContentType::parse(data).is_ok());
            assert!(Accept::parse(data).is_ok_and(|range| range.q() <= Q::MAX));
        }
        Err(_) => assert!(ContentType::parse(data).is_err() && Accept::parse(data).is_err()),
    }
    if let Ok(date) = Date::parse(data) {
        assert_eq!(Date::parse(date.to_string().as_bytes()), Ok(date), "it is read as it is written");
    }
    let dialogs = [
        Replaces::parse(data).map(|view| *view),
        Join::parse(data).map(|view| *view),
        TargetDialog::parse(data).map(|view| *view),
    ];
    for dialog in dialogs.iter().flatten() {
        let dialog: &DialogId<'_> = dialog;
        let _ = dialog.is_early_only();
        assert!(!dialog.call_id().is_empty());
        params_asked(dialog.params());
    }
    if let Ok(event) = Event::parse(data) {
        let _ = event.id();
        assert!(event.kind().starts_with(event.package()));
    }
    if let Ok(state) = SubscriptionState::parse(data) {
        let _ = (state.is_terminated(), state.expires(), state.retry_after(), state.reason());
        assert!(!state.state().is_empty());
    }
    if let Ok(reason) = Reason::parse(data) {
        let _ = (reason.cause(), reason.text());
        assert!(!reason.protocol().is_empty());
    }
    if let Ok(rack) = RAck::parse(data) {
        let written = format!("{} {} {}", rack.rseq, rack.cseq.number, rack.cseq.method);
        assert_eq!(
            RAck::parse(written.as_bytes()).map(|read| (read.rseq, read.cseq)),
            Ok((rack.rseq, rack.cseq))
        );
    }
    if let Ok(session) = SessionExpires::parse(data) {
        let _ = (session.refresher == Some(Refresher::Uac), session.param("refresher"));
    }
    let _ = (RSeq::parse(data).is_ok(), MinSe::parse(data).is_ok());
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
    all::<RemotePartyId<'_>>(msg);
    all::<ServiceRoute<'_>>(msg);
    all::<ReferredBy<'_>>(msg);
    all::<HistoryInfo<'_>>(msg);
    all::<Diversion<'_>>(msg);
    all::<Accept<'_>>(msg);
    all::<ContentType<'_>>(msg);
    all::<AuthenticationInfo<'_>>(msg);
    all::<Authorization<'_>>(msg);
    all::<ProxyAuthorization<'_>>(msg);
    all::<WwwAuthenticate<'_>>(msg);
    all::<ProxyAuthenticate<'_>>(msg);
    all::<Date>(msg);
    all::<Replaces<'_>>(msg);
    all::<Join<'_>>(msg);
    all::<TargetDialog<'_>>(msg);
    all::<Event<'_>>(msg);
    all::<SubscriptionState<'_>>(msg);
    all::<Reason<'_>>(msg);
    all::<RAck<'_>>(msg);
    all::<RSeq>(msg);
    all::<SessionExpires<'_>>(msg);
    all::<MinSe>(msg);
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
    // A line that is no list is one value, even if it is empty.
    let bytes = msg.headers(V::name()).map(|line| line.len() + 1).sum::<usize>();
    assert!(views.count() <= bytes, "no more values than bytes");
}
