//! The workspace on disk: its packages, their manifests and the files under `src`.

use std::path::{Path, PathBuf};
use std::{fs, io};

use super::rust::{self, Source};

/// One package.
#[derive(Debug)]
pub(crate) struct Package {
    pub(crate) name: String,
    /// The manifest's text.
    pub(crate) manifest: String,
    /// Directory from the root of the workspace, which is also the start of each file's name.
    pub(crate) dir: String,
    pub(crate) files: Vec<File>,
}

/// One source file.
#[derive(Debug)]
pub(crate) struct File {
    /// Path under `src`, with `/`.
    pub(crate) path: String,
    pub(crate) source: Source,
}

impl Package {
    /// A file's name from the root of the workspace.
    pub(crate) fn name_of(&self, file: &File) -> String {
        format!("{}/src/{}", self.dir, file.path)
    }

    /// A package that is not on disk, for the tests of the rules.
    #[cfg(test)]
    pub(crate) fn fixture(name: &str, files: &[(&str, &str)]) -> Self {
        let files = files
            .iter()
            .map(|(path, text)| File { path: (*path).into(), source: rust::read(text) })
            .collect();
        Self { name: name.into(), manifest: String::new(), dir: name.into(), files }
    }
}

/// The directory of the workspace.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Reads every member of the workspace.
pub(crate) fn packages() -> io::Result<Vec<Package>> {
    let workspace = fs::read_to_string(root().join("Cargo.toml"))?;
    members(&workspace).into_iter().map(package).collect()
}

fn package(dir: String) -> io::Result<Package> {
    let manifest = fs::read_to_string(root().join(&dir).join("Cargo.toml"))?;
    let mut files = Vec::new();
    walk(&root().join(&dir).join("src"), "", &mut files)?;
    files.sort_by(|a: &File, b| a.path.cmp(&b.path));
    let name = value_of(&manifest, "name").unwrap_or_else(|| dir.clone());
    Ok(Package { name, manifest, dir, files })
}

fn walk(dir: &Path, prefix: &str, files: &mut Vec<File>) -> io::Result<()> {
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        let path = format!("{prefix}{}", entry.file_name().to_string_lossy());
        if entry.file_type()?.is_dir() {
            walk(&entry.path(), &format!("{path}/"), files)?;
        } else if path.ends_with(".rs") {
            files.push(File { source: rust::read(&fs::read_to_string(entry.path())?), path });
        }
    }
    Ok(())
}

/// The strings of `members = [..]`.
fn members(workspace: &str) -> Vec<String> {
    let list = workspace
        .split_once("members")
        .and_then(|(_, rest)| rest.split_once(']'))
        .map_or("", |(list, _)| list);
    list.split('"').skip(1).step_by(2).map(str::to_owned).collect()
}

/// The first `key = "value"` of a manifest.
fn value_of(manifest: &str, key: &str) -> Option<String> {
    manifest.lines().find_map(|line| {
        let (name, value) = line.split_once('=')?;
        (name.trim() == key).then(|| value.trim().trim_matches('"').to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_and_names_are_read_from_the_manifests() {
        let text =
            "[workspace]\nresolver = \"3\"\nmembers = [\n    \"a\",\n    \"b/c\",\n]\nexclude = [\"fuzz\"]\n";
        assert_eq!(members(text), ["a", "b/c"]);
        assert_eq!(value_of("[package]\nname = \"sip-core\"\n", "name").as_deref(), Some("sip-core"));
    }
}
