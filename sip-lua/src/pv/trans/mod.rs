//! Transformations: `{s.len}`, `{uri.user}` and their kin. One table a file.

mod addr;
mod code;
pub(crate) mod digest;
mod line;
mod param;
mod sock;
mod subst;
mod text;
mod uri;
mod val;

use crate::pv::class::Transformation;

static ALL: [&[Transformation]; 10] = [
    text::ALL,
    code::ALL,
    digest::ALL,
    uri::ALL,
    param::ALL,
    addr::ALL,
    line::ALL,
    subst::ALL,
    sock::ALL,
    val::ALL,
];

/// The transformation of this name.
pub(crate) fn find(name: &[u8]) -> Option<Transformation> {
    ALL.into_iter().flatten().find(|transformation| transformation.name.as_bytes() == name).copied()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn no_name_stands_twice_and_the_page_has_them_all() {
        let all: Vec<_> = ALL.into_iter().flatten().map(|transformation| transformation.name).collect();
        let names: BTreeSet<_> = all.iter().copied().collect();
        assert_eq!(names.len(), all.len());
        let page = include_str!("../../../../docs/KSR.md");
        let words = page.split('`').filter_map(|word| word.strip_prefix('{')?.strip_suffix('}'));
        let documented: BTreeSet<_> = words.map(|word| word.split(',').next().unwrap_or(word)).collect();
        assert_eq!(documented, names);
    }
}
