//! The calls of a script: which function under `KSR`, with how many arguments, and which of these are plain texts.

use std::collections::BTreeSet;

use crate::check::lex::{Kind, Word};

/// A call of a function under `KSR`.
#[derive(Debug)]
pub(crate) struct Call {
    /// `KSR.tm.t_relay`
    pub(crate) name: String,
    /// Where it stands, in bytes.
    pub(crate) at: usize,
    pub(crate) arguments: Vec<Argument>,
}

/// One argument of a call.
#[derive(Debug, Default)]
pub(crate) struct Argument {
    /// Where it stands, in bytes.
    pub(crate) at: usize,
    /// Its text, where it is a literal and nothing else.
    pub(crate) literal: Option<Vec<u8>>,
    /// It may be any number of values: `f()`, `...`.
    pub(crate) is_open: bool,
}

/// The calls in their order, and the names under `KSR` that stand there without being called: `if KSR.auth then`.
pub(crate) fn calls(words: &[Word]) -> (Vec<Call>, BTreeSet<String>) {
    let (mut calls, mut asked) = (Vec::new(), BTreeSet::new());
    for (start, word) in words.iter().enumerate() {
        let is_member = start > 0 && matches!(words[start - 1].kind, Kind::Mark("." | ":"));
        if word.kind != Kind::Name("KSR".into()) || is_member {
            continue;
        }
        let (mut name, mut next) = ("KSR".to_owned(), start + 1);
        while let [Word { kind: Kind::Mark("."), .. }, Word { kind: Kind::Name(part), .. }, ..] =
            words.get(next..).unwrap_or_default()
        {
            name = format!("{name}.{part}");
            next += 2;
        }
        let arguments = match words.get(next).map(|word| &word.kind) {
            Some(Kind::Mark("(")) => arguments(words, next + 1),
            Some(Kind::Text(text)) => {
                vec![Argument { at: words[next].at, literal: Some(text.clone()), is_open: false }]
            }
            Some(Kind::Mark("{")) => vec![Argument { at: words[next].at, ..Argument::default() }],
            _ => {
                asked.insert(name);
                continue;
            }
        };
        if name != "KSR" {
            calls.push(Call { name, at: word.at, arguments });
        }
    }
    (calls, asked)
}

/// The arguments from behind the opening bracket to the closing one.
fn arguments(words: &[Word], start: usize) -> Vec<Argument> {
    let (mut all, mut from, mut depth) = (Vec::new(), start, 0_usize);
    for (at, word) in words.iter().enumerate().skip(start) {
        match &word.kind {
            Kind::Mark(")") if depth == 0 => {
                if at > start {
                    all.push(argument(&words[from..at]));
                }
                break;
            }
            Kind::Mark(",") if depth == 0 => {
                all.push(argument(&words[from..at]));
                from = at + 1;
            }
            Kind::Mark("(" | "{" | "[") => depth += 1,
            Kind::Mark(")" | "}" | "]") => depth = depth.saturating_sub(1),
            // A function may stand among the arguments, with commas of its own.
            Kind::Name(name) if matches!(&**name, "function" | "if" | "do" | "repeat") => depth += 1,
            Kind::Name(name) if matches!(&**name, "end" | "until") => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    all
}

fn argument(words: &[Word]) -> Argument {
    let at = words.first().map_or(0, |word| word.at);
    let literal = match words {
        [Word { kind: Kind::Text(text), .. }] => Some(text.clone()),
        _ => None,
    };
    // Behind an operator a call is one value; that a bracket closes one is all that is looked at: too little is said
    // rather than too much.
    let is_open = matches!(words.last().map(|word| &word.kind), Some(Kind::Mark(")" | "...")));
    Argument { at, literal, is_open }
}
