//! Keeps the house as docs/HOUSE.md has it: which crate may know which, which file may import which, how long a
//! file may be and who reads the clock.
//!
//! Each rule is a function over text with tests of its own; here they meet the real workspace.

#[path = "house/mod.rs"]
mod rules;

use std::{fs, io};

use rules::Failure;
use rules::workspace::{self, Package};

/// Runs a rule over every package and fails with the list of what breaks it.
fn hold(rule: impl Fn(&Package) -> Vec<Failure>) -> io::Result<()> {
    let packages = workspace::packages()?;
    assert!(packages.len() > 5, "the workspace has its crates, read: {packages:?}");
    for package in &packages {
        assert!(!package.files.is_empty(), "{} has source files", package.name);
    }
    let failures: Vec<String> = packages.iter().flat_map(rule).map(|failure| failure.to_string()).collect();
    assert!(failures.is_empty(), "\n{}\n", failures.join("\n"));
    Ok(())
}

#[test]
fn crates_know_only_what_is_below_them() -> io::Result<()> {
    let floors = rules::arrows::floors(&fs::read_to_string(workspace::root().join("docs/HOUSE.md"))?);
    assert!(floors.len() >= 6, "the picture in docs/HOUSE.md names the floors, read: {floors:?}");
    hold(|package| rules::arrows::check(package, &floors))
}

#[test]
fn files_import_from_where_a_name_is_defined_and_never_in_a_circle() -> io::Result<()> {
    hold(rules::imports::check)
}

#[test]
fn files_stay_short() -> io::Result<()> {
    hold(rules::limits::length)
}

#[test]
fn clock_is_read_in_one_file() -> io::Result<()> {
    hold(rules::limits::clock)
}
