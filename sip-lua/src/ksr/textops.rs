//! `KSR.textops`: see [`sip_modules::textops`].

use std::rc::Rc;

use regex::bytes::Regex;
use sip_core::{HeaderName, Message};
use sip_modules::textops::{self, Comparison, Part, Subst, TextopsError, Which};

use crate::current::Current;
use crate::ksr::call::Module;
use crate::ksr::state::State;
use crate::ksr::tm::one;
use crate::pv::value::Value;
use crate::value::{Kemi, Text};

pub(crate) fn register(mut m: Module<'_>) -> mlua::Result<Module<'_>> {
    let state = State::of(&m);
    search(&mut m, &state)?;
    replace(&mut m, &state)?;
    subst(&mut m, &state)?;
    headers(&mut m, &state)?;
    body(&mut m, &state)?;
    texts(&mut m)?;
    Ok(m)
}

/// 1 done, -1 not: nothing was found, or the script is wrong, which is logged.
pub(crate) fn done(result: Result<bool, TextopsError>) -> i64 {
    match result {
        Ok(found) => one(found),
        Err(error) => {
            tracing::error!(%error, "KSR.textops: nothing is done");
            -1
        }
    }
}

/// The same for what cannot be there or not.
pub(crate) fn fine(result: Result<(), TextopsError>) -> i64 {
    done(result.map(|()| true))
}

fn search(m: &mut Module<'_>, state: &Rc<State>) -> mlua::Result<()> {
    type Ask = fn(&Message, &Regex) -> bool;
    let asks: [(&str, Ask); 3] = [
        ("search", textops::search),
        ("search_body", textops::search_body),
        ("is_present_hf_re", textops::is_present_re),
    ];
    for (name, ask) in asks {
        let s = Rc::clone(state);
        m.call(name, move |current: &mut Current, (text,): (Text,)| {
            one(s.regex(&text).is_some_and(|regex| ask(current.msg(), &regex)))
        })?;
    }
    let s = Rc::clone(state);
    m.call("search_hf", move |current: &mut Current, (name, text, which): (Text, Text, Text)| {
        let (Some(regex), Some(which)) = (s.regex(&text), Which::parse(&which)) else { return -1 };
        one(textops::search_hf(current.msg(), HeaderName::parse(&name), &regex, which))
    })?;
    let s = Rc::clone(state);
    m.anywhere("search_str", move |_, (text, expression): (Text, Text)| {
        match (expression.is_empty(), s.regex(&expression)) {
            (true, _) => 2,
            (_, Some(regex)) => one(regex.is_match(&text)),
            (_, None) => -2,
        }
    })?;
    m.call("is_present_hf", |current: &mut Current, (name,): (Text,)| {
        one(current.msg().has_header(HeaderName::parse(&name)))
    })
}

fn replace(m: &mut Module<'_>, state: &Rc<State>) -> mlua::Result<()> {
    for (name, part, all) in [
        ("replace", Part::Rest, false),
        ("replace_all", Part::Rest, true),
        ("replace_hdrs", Part::Headers, false),
        ("replace_body", Part::Body, false),
        ("replace_body_all", Part::Body, true),
        ("replace_body_atonce", Part::Body, true),
    ] {
        let s = Rc::clone(state);
        m.call(name, move |current: &mut Current, (text, new): (Text, Text)| match s.regex(&text) {
            Some(regex) => done(textops::replace(current.msg_mut(), part, &regex, &new, all)),
            None => -1,
        })?;
    }
    for (name, part) in
        [("replace_str", Part::Rest), ("replace_hdrs_str", Part::Headers), ("replace_body_str", Part::Body)]
    {
        m.call(name, move |current: &mut Current, (old, new, which): (Text, Text, Text)| {
            let Some(which) = Which::parse(&which) else { return -1 };
            done(textops::replace_text(current.msg_mut(), part, &old, &new, which))
        })?;
    }
    for (name, part) in [("search_append", Part::Rest), ("search_append_body", Part::Body)] {
        let s = Rc::clone(state);
        m.call(name, move |current: &mut Current, (text, new): (Text, Text)| match s.regex(&text) {
            Some(regex) => done(textops::append_behind(current.msg_mut(), part, &regex, &new)),
            None => -1,
        })?;
    }
    Ok(())
}

fn subst(m: &mut Module<'_>, state: &Rc<State>) -> mlua::Result<()> {
    type Apply = fn(&mut Message, &Subst) -> Result<bool, TextopsError>;
    let rules: [(&str, Apply); 4] = [
        ("subst", |msg, rule| textops::subst(msg, Part::Rest, rule)),
        ("subst_body", |msg, rule| textops::subst(msg, Part::Body, rule)),
        ("subst_uri", textops::subst_uri),
        ("subst_user", textops::subst_user),
    ];
    for (name, apply) in rules {
        let s = Rc::clone(state);
        m.call(name, move |current: &mut Current, (rule,): (Text,)| match s.subst(current, &rule) {
            Some(rule) => done(apply(current.msg_mut(), &rule)),
            None => -1,
        })?;
    }
    let s = Rc::clone(state);
    m.call("subst_hf", move |current: &mut Current, (name, rule, which): (Text, Text, Text)| {
        let (Some(rule), Some(which)) = (s.subst(current, &rule), Which::parse(&which)) else { return -1 };
        done(textops::subst_hf(current.msg_mut(), HeaderName::parse(&name), &rule, which))
    })?;
    let s = Rc::clone(state);
    m.call("subst_v", move |current: &mut Current, (text, rule, variable): (Text, Text, Text)| {
        let made = s.subst(current, &rule).and_then(|rule| rule.apply(&text));
        made.map_or(-1, |made| put(&s, current, &variable, made))
    })
}

/// Gives a variable a value: 1, or -1 where it takes none.
fn put(state: &State, current: &mut Current, variable: &Text, value: Vec<u8>) -> i64 {
    one(state.set(Some(current), variable, &Value::made(value)) == Ok(true))
}

fn headers(m: &mut Module<'_>, state: &Rc<State>) -> mlua::Result<()> {
    m.call("remove_hf", |current: &mut Current, (name,): (Text,)| {
        current.msg_mut().remove(HeaderName::parse(&name));
        1
    })?;
    m.call("remove_hf_idx", |current: &mut Current, (name, at): (Text, i64)| {
        match textops::remove_at(current.msg_mut(), HeaderName::parse(&name), at) {
            Ok(false) => 2,
            other => done(other),
        }
    })?;
    let s = Rc::clone(state);
    m.call("remove_hf_re", move |current: &mut Current, (text,): (Text,)| match s.regex(&text) {
        Some(regex) => fine(textops::remove_re(current.msg_mut(), &regex, None).map(|_| ())),
        None => -1,
    })?;
    let s = Rc::clone(state);
    m.call("remove_hf_exp", move |current: &mut Current, (text, except): (Text, Text)| {
        let (Some(regex), Some(except)) = (s.regex(&text), s.regex(&except)) else { return -1 };
        fine(textops::remove_re(current.msg_mut(), &regex, Some(&except)).map(|_| ()))
    })?;
    m.call("remove_hf_match", |current: &mut Current, (name, how, text): (Text, Text, Text)| {
        let Some(how) = Comparison::parse(&how) else { return -1 };
        fine(textops::remove_matching(current.msg_mut(), HeaderName::parse(&name), how, &text).map(|_| ()))
    })?;
    m.call("is_privacy", |current: &mut Current, (kind,): (Text,)| {
        one(textops::is_privacy(current.msg(), &kind))
    })
}

fn body(m: &mut Module<'_>, state: &Rc<State>) -> mlua::Result<()> {
    m.call("has_body", |current: &mut Current, ()| one(textops::has_body(current.msg())))?;
    m.call("has_body_type", |current: &mut Current, (kind,): (Text,)| {
        one(textops::has_body_type(current.msg(), &kind.to_utf8()))
    })?;
    m.call("set_body", |current: &mut Current, (body, kind): (Text, Text)| {
        fine(textops::set_body(current.msg_mut(), &body, &kind.to_utf8()))
    })?;
    m.call("set_reply_body", |current: &mut Current, (body, kind): (Text, Text)| {
        let set = current.ctx_mut().map(|ctx| ctx.set_reply_body(&kind.to_utf8(), &body));
        one(matches!(set, Some(Ok(()))))
    })?;
    m.call("set_body_multipart", |current: &mut Current, (part, kind, boundary): (Text, Text, Text)| {
        let (kind, boundary) = (kind.to_utf8(), boundary.to_utf8());
        fine(textops::set_body_multipart(current.msg_mut(), &part, &kind, &boundary))
    })?;
    m.call("set_body_multipart_mode", |current: &mut Current, ()| {
        fine(textops::set_body_multipart(current.msg_mut(), b"", "", ""))
    })?;
    m.call("set_body_multipart_boundary", |current: &mut Current, (boundary,): (Text,)| {
        fine(textops::set_body_multipart(current.msg_mut(), b"", "", &boundary.to_utf8()))
    })?;
    m.call("set_body_multipart_content", |current: &mut Current, (part, kind): (Text, Text)| {
        fine(textops::set_body_multipart(current.msg_mut(), &part, &kind.to_utf8(), ""))
    })?;
    m.call("append_body_part", |current: &mut Current, (part, kind): (Text, Text)| {
        fine(textops::append_body_part(current.msg_mut(), &part, &kind.to_utf8(), None))
    })?;
    m.call("append_body_part_cd", |current: &mut Current, (part, kind, cd): (Text, Text, Text)| {
        fine(textops::append_body_part(current.msg_mut(), &part, &kind.to_utf8(), Some(&cd.to_utf8())))
    })?;
    for (name, with_headers) in [("get_body_part", false), ("get_body_part_raw", true)] {
        let s = Rc::clone(state);
        m.call(name, move |current: &mut Current, (kind, variable): (Text, Text)| {
            let part = textops::body_part(current.msg(), &kind.to_utf8(), with_headers);
            part.map_or(-1, |part| put(&s, current, &variable, part))
        })?;
    }
    m.call("filter_body", |current: &mut Current, (kind,): (Text,)| {
        done(textops::filter_body(current.msg_mut(), &kind.to_utf8()))
    })?;
    m.call("remove_body_part", |current: &mut Current, (kind,): (Text,)| {
        done(textops::remove_body_part(current.msg_mut(), &kind.to_utf8()))
    })?;
    m.call("is_audio_on_hold", |current: &mut Current, ()| {
        Kemi::from(textops::audio_on_hold(current.msg()).unwrap_or(-1))
    })
}

/// Questions about texts: no message is needed.
fn texts(m: &mut Module<'_>) -> mlua::Result<()> {
    type Ask = fn(&[u8], &[u8]) -> i64;
    let asks: [(&str, Ask); 8] = [
        ("cmp_str", |a, b| textops::compare(a, b, false).into()),
        ("cmp_istr", |a, b| textops::compare(a, b, true).into()),
        ("starts_with", |a, b| textops::starts_with(a, b).into()),
        ("ends_with", |a, b| textops::ends_with(a, b).into()),
        ("str_find", |a, b| textops::find(a, b, false)),
        ("str_ifind", |a, b| textops::find(a, b, true)),
        ("str_any_in", |a, b| one(a.iter().any(|byte| b.contains(byte)))),
        ("str_all_in", |a, b| one(!a.is_empty() && a.iter().all(|byte| b.contains(byte)))),
    ];
    for (name, ask) in asks {
        m.anywhere(name, move |_, (a, b): (Text, Text)| ask(&a, &b))?;
    }
    type List = fn(&[u8], &[u8], u8) -> bool;
    let lists: [(&str, List); 2] =
        [("in_list", textops::in_list), ("in_list_prefix", textops::in_list_prefix)];
    for (name, ask) in lists {
        m.anywhere(name, move |_, (text, list, separator): (Text, Text, Text)| {
            one(separator.first().is_some_and(|separator| ask(&text, &list, *separator)))
        })?;
    }
    Ok(())
}
