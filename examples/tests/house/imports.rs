//! Imports among the files of one package: from the file that defines a name, and never in a circle.

use std::collections::BTreeMap;

use super::Failure;
use super::rust::{Path, PathKind};
use super::workspace::{File, Package};

/// Where a file stands: the program or library it belongs to, and its module path there.
type Place = (String, Vec<String>);

/// What a path leads to: a file, and what is left of the path inside it.
struct Found<'a> {
    file: usize,
    rest: &'a [String],
}

struct Tree<'a> {
    package: &'a Package,
    places: Vec<Place>,
    files: BTreeMap<Place, usize>,
}

/// Every import of a package that goes through a crate root or a re-export, and every circle.
pub(crate) fn check(package: &Package) -> Vec<Failure> {
    let tree = Tree::new(package);
    let mut failures = Vec::new();
    let mut graph: Vec<BTreeMap<usize, usize>> = vec![BTreeMap::new(); package.files.len()]; // file -> line
    for (from, file) in package.files.iter().enumerate() {
        for path in &file.source.paths {
            let Some(found) = tree.find(from, path) else { continue };
            if found.file == from || path.kind == PathKind::Macro {
                continue;
            }
            failures.extend(tree.detour(from, path, &found));
            if path.kind != PathKind::Reexport && file.path != "lib.rs" {
                graph[from].entry(found.file).or_insert(path.line);
            }
        }
    }
    failures.extend(circles(&graph).into_iter().map(|circle| tree.circle(&circle, &graph)));
    failures
}

impl<'a> Tree<'a> {
    fn new(package: &'a Package) -> Self {
        let places: Vec<Place> = package.files.iter().map(place).collect();
        let files = places.iter().cloned().enumerate().map(|(i, place)| (place, i)).collect();
        Self { package, places, files }
    }

    /// The file of this package that a path leads to; `None` when it leads out of the package or stays.
    fn find<'p>(&self, from: usize, path: &'p Path) -> Option<Found<'p>> {
        let (program, own) = &self.places[from];
        let children = &self.package.files[from].source.children;
        let supers = path.segments.iter().take_while(|s| *s == "super").count();
        let (mut module, mut rest) = match path.segments[0].as_str() {
            "crate" => (Vec::new(), &path.segments[1..]),
            "super" if supers < path.nesting => return None,
            "super" => {
                let up = (supers - path.nesting).min(own.len());
                (own[..own.len() - up].to_vec(), &path.segments[supers..])
            }
            "self" if path.nesting == 0 => (own.clone(), &path.segments[1..]),
            first if path.nesting == 0 && children.iter().any(|c| c == first) => {
                (own.clone(), &path.segments[..])
            }
            _ => return None,
        };
        while let Some((next, after)) = rest.split_first() {
            let deeper = [module.as_slice(), std::slice::from_ref(next)].concat();
            if !self.files.contains_key(&(program.clone(), deeper.clone())) {
                break;
            }
            (module, rest) = (deeper, after);
        }
        self.files.get(&(program.clone(), module)).map(|&file| Found { file, rest })
    }

    /// An import that does not go to the file that defines the name.
    fn detour(&self, from: usize, path: &Path, found: &Found<'_>) -> Option<Failure> {
        let target = &self.package.files[found.file];
        let name = found.rest.first()?;
        let passed_on = target.source.brought_in.iter().find(|(n, p)| n == name && p.len() > 1);
        let remedy = match passed_on {
            Some((_, origin)) => {
                format!("import it from where it is defined: that file has `{}`", origin.join("::"))
            }
            None if target.path == "lib.rs" => {
                "define it in a file of its own and import it from there".into()
            }
            None => return None,
        };
        let through = if target.path == "lib.rs" { "the crate root" } else { target.path.as_str() };
        Some(Failure {
            file: self.name(from),
            line: path.line,
            wrong: format!("`{}` goes through {through}", path.segments.join("::")),
            remedy,
        })
    }

    fn circle(&self, circle: &[usize], graph: &[BTreeMap<usize, usize>]) -> Failure {
        let next = |i: usize| circle[(i + 1) % circle.len()];
        let step = |i: usize| format!("{}:{}", self.name(circle[i]), graph[circle[i]][&next(i)]);
        let steps: Vec<String> = (0..circle.len()).map(step).collect();
        Failure {
            file: self.name(circle[0]),
            line: graph[circle[0]][&next(0)],
            wrong: format!("files import each other in a circle: {} -> back", steps.join(" -> ")),
            remedy: "move what both need into a file below them".into(),
        }
    }

    fn name(&self, file: usize) -> String {
        self.package.name_of(&self.package.files[file])
    }
}

/// `lib.rs` and its modules are one program, each of `bin/` is another.
fn place(file: &File) -> Place {
    let mut segments: Vec<String> = file.path.trim_end_matches(".rs").split('/').map(str::to_owned).collect();
    let mut program = String::new();
    if segments[0] == "bin" && segments.len() > 1 {
        program = segments[1].clone();
        segments.drain(..2);
    } else if segments == ["main"] {
        program = "main".into();
    }
    if segments.last().is_some_and(|last| ["lib", "main", "mod"].contains(&last.as_str())) {
        segments.pop();
    }
    (program, segments)
}

/// One circle for each way back that a walk in depth finds.
fn circles(graph: &[BTreeMap<usize, usize>]) -> Vec<Vec<usize>> {
    fn walk(
        graph: &[BTreeMap<usize, usize>],
        at: usize,
        trail: &mut Vec<usize>,
        done: &mut [bool],
        out: &mut Vec<Vec<usize>>,
    ) {
        trail.push(at);
        for &next in graph[at].keys() {
            if let Some(start) = trail.iter().position(|&seen| seen == next) {
                out.push(trail[start..].to_vec());
            } else if !done[next] {
                walk(graph, next, trail, done, out);
            }
        }
        trail.pop();
        done[at] = true;
    }
    let (mut done, mut out) = (vec![false; graph.len()], Vec::new());
    for start in 0..graph.len() {
        if !done[start] {
            walk(graph, start, &mut Vec::new(), &mut done, &mut out);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failures(files: &[(&str, &str)]) -> Vec<String> {
        check(&Package::fixture("sip-a", files)).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn straight_imports_are_fine() {
        let seen = failures(&[
            ("lib.rs", "mod uri;\nmod header;\npub use uri::Uri;\npub use header::via::Via;"),
            ("uri.rs", "use bytes::Bytes;\npub struct Uri;"),
            ("header/mod.rs", "mod via;\npub trait View {}\npub use via::Via;"),
            ("header/via.rs", "use super::View;\nuse crate::uri::{self, Uri};\npub struct Via;"),
        ]);
        assert!(seen.is_empty(), "{seen:?}");
    }

    #[test]
    fn two_files_that_import_each_other_are_a_circle() {
        let seen = failures(&[
            ("lib.rs", "mod a;\nmod b;"),
            ("a.rs", "use crate::b::B;\npub struct A;"),
            ("b.rs", "pub struct B;\nfn f() -> crate::a::A { crate::a::A }"),
        ]);
        assert_eq!(seen.len(), 1);
        assert!(seen[0].starts_with("sip-a/src/a.rs:1: "), "{}", seen[0]);
        assert!(seen[0].contains("sip-a/src/a.rs:1 -> sip-a/src/b.rs:2 -> back"), "{}", seen[0]);
    }

    #[test]
    fn circle_of_three_and_circle_of_parent_and_child_are_found() {
        let three =
            [("a.rs", "use crate::b::B;"), ("b.rs", "use crate::c::C;"), ("c.rs", "use super::a::A;")];
        assert_eq!(failures(&three).len(), 1);
        let family = [("m/mod.rs", "mod c;\nuse c::C;\nfn f(c: C) {}"), ("m/c.rs", "use super::f;")];
        assert_eq!(failures(&family).len(), 1);
        let inline = [("m/mod.rs", "mod c;\nfn f() { c::g() }"), ("m/c.rs", "use super::f;")];
        assert_eq!(failures(&inline).len(), 1);
    }

    #[test]
    fn import_through_the_crate_root_is_named() {
        let seen = failures(&[
            ("lib.rs", "mod a;\npub use a::A;"),
            ("a.rs", "pub struct A;"),
            ("b.rs", "\nuse crate::A;"),
        ]);
        assert_eq!(seen.len(), 1);
        assert!(
            seen[0].starts_with("sip-a/src/b.rs:2: `crate::A` goes through the crate root"),
            "{}",
            seen[0]
        );
        assert_eq!(failures(&[("lib.rs", "pub struct A;"), ("b.rs", "use super::A;")]).len(), 1);
        assert_eq!(failures(&[("lib.rs", ""), ("b.rs", "use crate::*;")]).len(), 1);
    }

    #[test]
    fn import_through_a_reexport_is_sent_to_the_definition() {
        let files = [
            ("m/mod.rs", "mod c;\npub use c::C;"),
            ("m/c.rs", "pub struct C;"),
            ("d.rs", "fn f(c: crate::m::C) {}"),
        ];
        let seen = failures(&files);
        assert_eq!(seen.len(), 1);
        assert!(seen[0].contains("that file has `c::C`"), "{}", seen[0]);
    }

    #[test]
    fn macros_tests_and_other_programs_do_not_count() {
        let seen = failures(&[
            ("lib.rs", "mod a;"),
            ("a.rs", "fn f() { crate::say!() }\n#[cfg(test)]\nmod tests { use crate::b::B; }"),
            ("b.rs", "use crate::a::f;"),
            ("bin/tool.rs", "use sip_a::A;\nfn main() { run::run() }"),
            ("bin/big/main.rs", "mod a;\nfn main() { a::go() }"),
            ("bin/big/a.rs", "pub fn go() {}"),
        ]);
        assert!(seen.is_empty(), "{seen:?}");
    }

    #[test]
    fn super_of_an_inline_module_stays_in_the_file() {
        let seen = failures(&[
            ("lib.rs", ""),
            ("m/mod.rs", "fn f() {}\nmod inner { use super::f; use super::super::g; }"),
        ]);
        assert_eq!(seen.len(), 1, "the second one reaches the crate root: {seen:?}");
    }
}
