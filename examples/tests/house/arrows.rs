//! Which crate may know which: the floors of docs/HOUSE.md.

use std::collections::BTreeMap;

use super::Failure;
use super::workspace::Package;

/// Floor of each crate, from the picture in HOUSE.md.
pub(crate) type Floors = BTreeMap<String, u32>;

/// Reads lines such as ` floor 2   sip-a  sip-b   what they are`.
pub(crate) fn floors(house: &str) -> Floors {
    let mut floors = Floors::new();
    for line in house.lines() {
        let mut words = line.split_whitespace();
        if words.next() == Some("floor")
            && let Some(floor) = words.next().and_then(|n| n.parse().ok())
        {
            floors.extend(words.take_while(|w| w.starts_with("sip-")).map(|w| (w.to_owned(), floor)));
        }
    }
    floors
}

/// Every arrow of a package that does not point down, in its manifest and in its source.
pub(crate) fn check(package: &Package, floors: &Floors) -> Vec<Failure> {
    let mut failures = Vec::new();
    if package.name.starts_with("sip-") && !floors.contains_key(&package.name) {
        failures.push(Failure {
            file: format!("{}/Cargo.toml", package.dir),
            line: 1,
            wrong: format!("{} has no floor", package.name),
            remedy: "give it its place in the picture of docs/HOUSE.md".into(),
        });
    }
    let mut arrow = |file: String, line, to: &str| {
        failures.extend(forbidden(floors, &package.name, to).map(|wrong| Failure {
            file,
            line,
            wrong,
            remedy: "move what is shared down a floor, or the code that needs both up to sip-server".into(),
        }));
    };
    for (to, line) in dependencies(&package.manifest) {
        arrow(format!("{}/Cargo.toml", package.dir), line, &to);
    }
    for file in &package.files {
        for path in &file.source.paths {
            let first = &path.segments[0];
            if first.starts_with("sip_") {
                arrow(package.name_of(file), path.line, &first.replace('_', "-"));
            }
        }
    }
    failures
}

/// Why `from` may not know `to`; `None` when it may.
fn forbidden(floors: &Floors, from: &str, to: &str) -> Option<String> {
    const STARTERS: [&str; 2] = ["examples", "benches"];
    if from == to || STARTERS.contains(&from) {
        return None;
    }
    if STARTERS.contains(&to) {
        return Some(format!("{from} depends on {to}, which nothing depends on"));
    }
    let (below, above) = (floors.get(to)?, floors.get(from)?);
    (below >= above)
        .then(|| format!("{from} (floor {above}) depends on {to} (floor {below}); arrows point down only"))
}

/// The packages a manifest depends on, for use, build and tests, with their lines.
fn dependencies(manifest: &str) -> Vec<(String, usize)> {
    let mut out = Vec::new();
    let mut listing = false;
    for (number, line) in manifest.lines().enumerate() {
        let line = line.split('#').next().unwrap_or_default().trim();
        if let Some(section) = line.strip_prefix('[').and_then(|l| l.strip_suffix(']')) {
            let mut parts = section.rsplit('.');
            let last = parts.next().unwrap_or_default();
            listing = last.ends_with("dependencies");
            // [dependencies.name]
            if parts.next().is_some_and(|p| p.ends_with("dependencies")) {
                out.push((last.to_owned(), number + 1));
            }
        } else if let Some((key, value)) = line.split_once('=') {
            let renamed = value
                .split_once("package")
                .map(|(_, rest)| rest)
                .or((key.trim() == "package").then_some(value));
            match renamed.and_then(|rest| rest.split('"').nth(1)) {
                Some(package) => out.push((package.to_owned(), number + 1)),
                None if listing => {
                    let name = key.split('.').next().unwrap_or_default();
                    out.push((name.trim().trim_matches('"').to_owned(), number + 1));
                }
                None => {}
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUSE: &str = "```\n floor 4   sip-lua         KSR for sip-people\n floor 2   sip-a  sip-b\n floor 1   sip-core   m\n```";

    fn failures(name: &str, manifest: &str, source: &str) -> Vec<String> {
        let mut package = Package::fixture(name, &[("lib.rs", source)]);
        package.manifest = manifest.into();
        check(&package, &floors(HOUSE)).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn floors_are_read_from_the_picture() {
        let floors = floors(HOUSE);
        assert_eq!(floors.len(), 4);
        assert_eq!((floors["sip-lua"], floors["sip-b"], floors["sip-core"]), (4, 2, 1));
    }

    #[test]
    fn arrow_down_is_fine_and_so_is_a_foreign_crate() {
        let manifest = "[dependencies]\nsip-core.workspace = true\nbytes = \"1\"\n[dev-dependencies]\nsip-a = { path = \".\" }\n";
        assert!(failures("sip-a", manifest, "use sip_core::Method;").is_empty());
        assert!(failures("examples", "[dependencies]\nsip-lua.workspace = true\n", "").is_empty());
    }

    #[test]
    fn neighbour_and_upper_floor_are_named_with_file_and_line() {
        let seen = failures("sip-a", "[package]\n\n[dependencies]\nsip-b.workspace = true\n", "");
        assert_eq!(seen.len(), 1);
        assert!(
            seen[0].starts_with("sip-a/Cargo.toml:4: sip-a (floor 2) depends on sip-b (floor 2)"),
            "{}",
            seen[0]
        );
        assert_eq!(failures("sip-core", "[dev-dependencies]\nsip-lua.workspace = true\n", "").len(), 1);
        assert_eq!(failures("sip-core", "[dependencies]\nexamples.workspace = true\n", "").len(), 1);
    }

    #[test]
    fn other_ways_to_write_a_dependency_are_read_too() {
        assert_eq!(failures("sip-a", "[dependencies.sip-b]\nworkspace = true\n", "").len(), 1);
        assert_eq!(
            failures("sip-a", "[dependencies]\nb = { package = \"sip-b\", path = \"b\" }\n", "").len(),
            1
        );
        assert_eq!(failures("sip-a", "[dependencies.b]\npackage = \"sip-b\"\n", "").len(), 1);
        assert_eq!(
            failures("sip-a", "[target.'cfg(unix)'.build-dependencies]\n\"sip-b\" = \"1\"\n", "").len(),
            1
        );
        assert!(failures("sip-a", "[dependencies] # sip-b\n# sip-b = \"1\"\n", "").is_empty());
    }

    #[test]
    fn use_line_counts_even_where_the_manifest_is_silent() {
        let seen = failures("sip-a", "", "//! sip_b::Fine\n\nfn f() { sip_b::call() }");
        assert_eq!(seen.len(), 1);
        assert!(seen[0].starts_with("sip-a/src/lib.rs:3: "), "{}", seen[0]);
    }

    #[test]
    fn crate_without_a_floor_is_told_to_take_one() {
        assert_eq!(failures("sip-new", "", "").len(), 1);
    }
}
