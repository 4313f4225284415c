//! The variables that there are: one table a file.

mod addr;
mod auth;
mod branch;
pub(crate) mod consts;
mod flags;
mod headers;
pub(crate) mod net;
mod parts;
mod ruri;
mod server;
mod tables;
pub(crate) mod time;
mod tm;
mod uac;
mod uris;
pub(crate) mod vars;

use crate::pv::class::{Named, Plain};

static PLAIN: &[&[Plain]] = &[
    ruri::PLAIN,
    addr::PLAIN,
    auth::PLAIN,
    headers::PLAIN,
    uris::PLAIN,
    net::PLAIN,
    parts::PLAIN,
    branch::PLAIN,
    flags::PLAIN,
    tm::PLAIN,
    time::PLAIN,
    consts::PLAIN,
    server::PLAIN,
];

static NAMED: &[&[Named]] = &[
    headers::NAMED,
    branch::NAMED,
    parts::NAMED,
    flags::NAMED,
    tm::NAMED,
    time::NAMED,
    vars::NAMED,
    tables::NAMED,
    consts::NAMED,
    server::NAMED,
    uac::NAMED,
];

/// The variable of this name that has no brackets.
pub(crate) fn plain(name: &[u8]) -> Option<&'static Plain> {
    PLAIN.iter().copied().flatten().find(|plain| plain.name.as_bytes() == name)
}

/// The variable of this name that has brackets.
pub(crate) fn named(name: &[u8]) -> Option<&'static Named> {
    NAMED.iter().copied().flatten().find(|named| named.name.as_bytes() == name)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// Every variable of the reference page, as `$name` or `$name(...)`.
    fn documented() -> BTreeSet<String> {
        let page = include_str!("../../../../docs/KSR.md");
        let start = page.find("## Pseudo-variables").expect("a section");
        let section = &page[start..];
        let section = &section[..section[2..].find("\n## ").map_or(section.len(), |end| end + 2)];
        let cells = section.lines().filter_map(|line| line.strip_prefix("| `$")?.split(" |").next());
        cells
            .flat_map(|cell| cell.split('`'))
            .filter(|name| !name.trim_matches([',', ' ']).is_empty())
            .map(|name| name.trim_start_matches('$').to_owned())
            .collect()
    }

    #[test]
    fn no_name_stands_twice_and_the_page_has_them_all() {
        let plain: Vec<_> = PLAIN.iter().copied().flatten().map(|plain| plain.name.to_owned()).collect();
        let named: Vec<_> =
            NAMED.iter().copied().flatten().map(|named| format!("{}(...)", named.name)).collect();
        let all: BTreeSet<_> = plain.iter().chain(&named).cloned().collect();
        assert_eq!(all.len(), plain.len() + named.len());
        assert_eq!(documented(), all);
    }
}
