//! Reads Rust source as far as the house rules need it: tokens, imports and modules of one file.
//!
//! Comments, text and everything under `#[cfg(test)]` are left out first, so that a rule never trips over
//! an example in a doc comment or over a test.

/// One token that matters: a word, `::`, or a single punctuation mark, and the line it stands on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Token {
    pub(crate) text: String,
    pub(crate) line: usize,
}

/// A path as written: `crate::uri::Uri` is three segments. `*` is a segment of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Path {
    pub(crate) segments: Vec<String>,
    pub(crate) line: usize,
    pub(crate) kind: PathKind,
    /// Inline modules (`mod a { .. }`) around it: each makes one `super` stay inside the file.
    pub(crate) nesting: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PathKind {
    /// `use a::b;`
    Import,
    /// `pub use a::b;` that the rest of the file does not mention: it passes the name on.
    Reexport,
    /// `a::b::c()` in the code.
    Inline,
    /// `a::b!()`
    Macro,
}

/// What a file says about others.
#[derive(Clone, Debug, Default)]
pub(crate) struct Source {
    pub(crate) paths: Vec<Path>,
    /// `mod name;`, in order.
    pub(crate) children: Vec<String>,
    /// Names that `use` brings into the file, with the path each comes from.
    pub(crate) brought_in: Vec<(String, Vec<String>)>,
    /// The tokens outside comments, text and tests.
    pub(crate) tokens: Vec<Token>,
    /// Lines that are not under `#[cfg(test)]`, comments and blank ones included.
    pub(crate) lines: usize,
}

/// Reads one file.
pub(crate) fn read(text: &str) -> Source {
    let all = tokens(&blank(text));
    let (tokens, test_lines) = without_tests(all);
    let mut source = Source { lines: text.lines().count() - test_lines, tokens, ..Source::default() };
    collect(&mut source);
    source
}

/// Replaces comments, string and character literals by spaces; line ends stay.
fn blank(text: &str) -> String {
    let bytes: Vec<char> = text.chars().collect();
    let at = |i: usize| bytes.get(i).copied().unwrap_or('\0');
    let mut out = String::with_capacity(text.len());
    let mut i = 0;
    while i < bytes.len() {
        let end = match (at(i), at(i + 1)) {
            ('/', '/') => (i..bytes.len()).find(|&j| at(j) == '\n').unwrap_or(bytes.len()),
            ('/', '*') => comment_end(&bytes, i),
            ('"', _) => quoted_end(&bytes, i),
            ('r', '"' | '#') if !is_word(at(i.wrapping_sub(1))) || at(i.wrapping_sub(1)) == 'b' => {
                raw_end(&bytes, i).unwrap_or(i)
            }
            ('\'', '\\') => (i + 3..bytes.len()).find(|&j| at(j) == '\'').map_or(bytes.len(), |j| j + 1),
            ('\'', _) if at(i + 2) == '\'' => i + 3,
            _ => i,
        };
        if end == i {
            out.push(at(i));
            i += 1;
        } else {
            out.extend(bytes[i..end].iter().map(|&c| if c == '\n' { '\n' } else { ' ' }));
            i = end;
        }
    }
    out
}

/// Where the block comment that starts at `start` ends; they nest.
fn comment_end(text: &[char], start: usize) -> usize {
    let mut depth = 0;
    let mut i = start;
    while i + 1 < text.len() {
        match (text[i], text[i + 1]) {
            ('/', '*') => (depth, i) = (depth + 1, i + 2),
            ('*', '/') => (depth, i) = (depth - 1, i + 2),
            _ => i += 1,
        }
        if depth == 0 {
            return i;
        }
    }
    text.len()
}

fn quoted_end(text: &[char], start: usize) -> usize {
    let mut i = start + 1;
    while i < text.len() && text[i] != '"' {
        i += if text[i] == '\\' { 2 } else { 1 };
    }
    (i + 1).min(text.len())
}

/// Where the raw string that starts at `start` ends; `None` when it is none (`r#type`).
fn raw_end(text: &[char], start: usize) -> Option<usize> {
    let marks = text[start + 1..].iter().take_while(|&&c| c == '#').count();
    if text.get(start + 1 + marks) != Some(&'"') {
        return None;
    }
    let ends = |i: &usize| {
        text[*i] == '"' && text[i + 1..].iter().take(marks).filter(|&&c| c == '#').count() == marks
    };
    Some((start + marks + 2..text.len()).find(ends).map_or(text.len(), |i| i + 1 + marks))
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

fn tokens(text: &str) -> Vec<Token> {
    let mut out = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let mut rest = line.trim_start();
        while let Some(first) = rest.chars().next() {
            let width = match first {
                c if is_word(c) => rest.find(|c| !is_word(c)).unwrap_or(rest.len()),
                ':' if rest.starts_with("::") => 2,
                c => c.len_utf8(),
            };
            let (token, after) = rest.split_at(width);
            out.push(Token { text: token.to_owned(), line: number + 1 });
            rest = after.trim_start();
        }
    }
    out
}

/// Drops every item under `#[cfg(test)]`; gives the number of lines that went with them.
fn without_tests(tokens: Vec<Token>) -> (Vec<Token>, usize) {
    const MARK: [&str; 7] = ["#", "[", "cfg", "(", "test", ")", "]"];
    let mut out = Vec::with_capacity(tokens.len());
    let mut lines = 0;
    let mut i = 0;
    while i < tokens.len() {
        if MARK.iter().enumerate().all(|(k, m)| tokens.get(i + k).is_some_and(|t| t.text == *m)) {
            let end = item_end(&tokens, i + MARK.len());
            lines += tokens[end - 1].line - tokens[i].line + 1;
            i = end;
        } else {
            out.push(tokens[i].clone());
            i += 1;
        }
    }
    (out, lines)
}

/// The token after the item that starts at `start`: past its `;` or its outer `}`.
fn item_end(tokens: &[Token], start: usize) -> usize {
    let mut depth = 0usize;
    for (i, token) in tokens.iter().enumerate().skip(start) {
        match token.text.as_str() {
            "{" | "(" | "[" => depth += 1,
            ")" | "]" => depth = depth.saturating_sub(1),
            "}" if depth <= 1 => return i + 1,
            "}" => depth -= 1,
            ";" if depth == 0 => return i + 1,
            _ => {}
        }
    }
    tokens.len()
}

/// Fills in the modules, the imports and the paths.
fn collect(source: &mut Source) {
    let tokens = std::mem::take(&mut source.tokens);
    let word = |i: usize| tokens.get(i).map_or("", |t| t.text.as_str());
    let mut imports = vec![false; tokens.len()]; // tokens that belong to a `use`
    let mut uses = Vec::new();
    let mut depth = 0usize;
    let mut inline_mods: Vec<usize> = Vec::new();
    let mut i = 0;
    while i < tokens.len() {
        match word(i) {
            "mod" if word(i + 2) == ";" => source.children.push(word(i + 1).to_owned()),
            "mod" if word(i + 2) == "{" => inline_mods.push(depth + 1),
            "{" => depth += 1,
            "}" => {
                inline_mods.retain(|d| *d != depth);
                depth = depth.saturating_sub(1);
            }
            // Not the `use<..>` of a return type.
            "use" if word(i + 1) != "<" => {
                let end = (i..tokens.len()).find(|&j| word(j) == ";").unwrap_or(tokens.len());
                let public = word(i.wrapping_sub(1)) == "pub" || word(i.wrapping_sub(1)) == ")";
                imports[i..end].fill(true);
                uses.push((i + 1, end, public, inline_mods.len()));
                i = end;
                continue;
            }
            "::" if i > 0 && !word(i - 1).starts_with(is_word) => {}
            "::" if !(i > 1 && word(i - 2) == "::") => inline(source, &tokens, i - 1, inline_mods.len()),
            _ => {}
        }
        i += 1;
    }
    for (start, end, public, nesting) in uses {
        let mut leaves = Vec::new();
        expand(&tokens[start..end], &mut Vec::new(), &mut leaves);
        for (segments, name, line) in leaves {
            let mentioned = tokens.iter().zip(&imports).any(|(t, import)| !import && t.text == name);
            source.brought_in.push((name, segments.clone()));
            let kind = if public && !mentioned { PathKind::Reexport } else { PathKind::Import };
            source.paths.push(Path { segments, line, kind, nesting });
        }
    }
    source.tokens = tokens;
}

/// A path in the code whose first word stands at `start`.
fn inline(source: &mut Source, tokens: &[Token], start: usize, nesting: usize) {
    let word = |i: usize| tokens.get(i).map_or("", |t| t.text.as_str());
    let mut segments = vec![word(start).to_owned()];
    let mut i = start + 1;
    while word(i) == "::" && word(i + 1).starts_with(is_word) {
        segments.push(word(i + 1).to_owned());
        i += 2;
    }
    let kind = if word(i) == "!" { PathKind::Macro } else { PathKind::Inline };
    source.paths.push(Path { segments, line: tokens[start].line, kind, nesting });
}

type Leaf = (Vec<String>, String, usize);

/// The leaves of a `use` tree: the path, the name it has here, the line.
fn expand(tree: &[Token], prefix: &mut Vec<String>, out: &mut Vec<Leaf>) {
    for branch in split(tree) {
        let depth = prefix.len();
        let mut name = None;
        let mut i = 0;
        while i < branch.len() {
            match branch[i].text.as_str() {
                "::" => {}
                "{" => {
                    expand(&branch[i + 1..branch.len() - 1], prefix, out);
                    name = None;
                    break;
                }
                "as" => {
                    name = branch.get(i + 1).map(|t| t.text.clone());
                    break;
                }
                "self" if i == 0 && depth > 0 => name = prefix.last().cloned(),
                word => {
                    prefix.push(word.to_owned());
                    name = Some(word.to_owned());
                }
            }
            i += 1;
        }
        if let (Some(name), Some(first)) = (name, branch.first()) {
            out.push((prefix.clone(), name, first.line));
        }
        prefix.truncate(depth);
    }
}

/// Cuts `a, b::{c, d}` at the commas of the outermost level.
fn split(tree: &[Token]) -> Vec<&[Token]> {
    let mut depth = 0i32;
    tree.split(|t| {
        depth += match t.text.as_str() {
            "{" => 1,
            "}" => -1,
            _ => 0,
        };
        depth == 0 && t.text == ","
    })
    .filter(|branch| !branch.is_empty())
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(text: &str) -> Vec<(String, PathKind)> {
        read(text).paths.into_iter().map(|p| (p.segments.join("::"), p.kind)).collect()
    }

    #[test]
    fn use_tree_over_several_lines_gives_each_leaf_with_its_line() {
        let source = read("use crate::{\n    uri::Uri,\n    header::{self, via::Via as V},\n};\n");
        let seen: Vec<_> = source.paths.iter().map(|p| (p.segments.join("::"), p.line)).collect();
        assert_eq!(
            seen,
            [
                ("crate::uri::Uri".into(), 2),
                ("crate::header".into(), 3),
                ("crate::header::via::Via".into(), 3)
            ]
        );
    }

    #[test]
    fn paths_in_the_code_are_seen() {
        assert_eq!(
            paths("fn f() { crate::scan::line::end(1) }"),
            [("crate::scan::line::end".into(), PathKind::Inline)]
        );
        assert_eq!(paths("fn f() { crate::log!(1) }"), [("crate::log".into(), PathKind::Macro)]);
    }

    #[test]
    fn comments_text_and_literals_are_no_code() {
        let text = r##"
            //! use crate::a::A;
            /* use crate::b::B; /* nested */ use crate::c::C; */
            const X: &str = "use crate::d::D; // \" ";
            const Y: &str = r#"use crate::e::E; " "#;
            const Z: [char; 3] = ['"', '\'', '{'];
            fn r#type<'a>(x: &'a str) { crate::f::g(x) }
        "##;
        assert_eq!(paths(text), [("crate::f::g".into(), PathKind::Inline)]);
    }

    #[test]
    fn items_under_cfg_test_are_left_out_and_not_counted_as_lines() {
        let text = "use a::B;\n#[cfg(test)]\nmod tests {\n    use crate::x::Y;\n    fn f() { {} }\n}\nfn last() {}\n";
        let source = read(text);
        assert_eq!(source.lines, 2);
        assert_eq!(source.paths.len(), 1);
        assert!(source.tokens.iter().any(|t| t.text == "last"), "what follows the tests is code again");
        assert_eq!(read("#[cfg(any(test, feature = \"play\"))]\nmod play;\n").lines, 2);
    }

    #[test]
    fn name_brought_in_is_no_import_unless_the_file_uses_it() {
        assert_eq!(paths("pub use via::Via;"), [("via::Via".into(), PathKind::Reexport)]);
        assert_eq!(
            paths("pub(crate) use via::Via;\nfn f(v: Via) {}")[0],
            ("via::Via".into(), PathKind::Import)
        );
        assert_eq!(
            read("pub use via::Via as V;").brought_in,
            [("V".into(), vec!["via".into(), "Via".into()])]
        );
    }

    #[test]
    fn inline_module_is_one_level_of_super() {
        let source = read("mod inner { use super::A; }\nuse super::B;\nmod file;");
        assert_eq!(source.paths.iter().map(|p| p.nesting).collect::<Vec<_>>(), [1, 0]);
        assert_eq!(source.children, ["file"]);
    }
}
