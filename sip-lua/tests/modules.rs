//! What is under `KSR`: the same that the reference page and the list of KEMI functions say.

#![allow(clippy::expect_used, clippy::panic, reason = "a test that cannot be set up fails")]

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use sip_lua::{LuaRoutes, Script, Settings};

use common::{in_repository, invite_route, logged, play};

/// Every function that is under `KSR`, as `KSR.hdr.append`.
fn registered() -> BTreeSet<String> {
    let script = "local names = {}
        local function list(prefix, from)
            for name, value in pairs(from) do
                if type(value) == 'table' then list(prefix .. name .. '.', value)
                else names[#names + 1] = prefix .. name end
            end
        end
        list('KSR.', KSR)
        error(table.concat(names, ' '), 0)";
    let error = match LuaRoutes::factory(Script::new("list.lua", script, Settings::new())) {
        Ok(_) => String::new(),
        Err(error) => error.to_string(),
    };
    error.split(' ').filter(|name| name.starts_with("KSR.")).map(str::to_owned).collect()
}

/// A KEMI function, as `tests/data/ksr.tsv` has it.
struct Kemi {
    name: String,
    parameters: usize,
    is_done: bool,
}

fn kemi() -> Vec<Kemi> {
    let path = in_repository("sip-lua/tests/data/ksr.tsv");
    let text = fs::read_to_string(path).expect("the list of functions");
    let rows = text.lines().filter(|line| !line.starts_with('#'));
    let read = |row: &str| {
        let cells: Vec<_> = row.split('\t').collect();
        let [module, function, parameters, state] = cells[..] else { panic!("four cells: {row}") };
        assert!(matches!(state, "done" | "absent"), "{row}");
        let parameters = if parameters == "-" { 0 } else { parameters.split(',').count() };
        Kemi { name: format!("{module}.{function}"), parameters, is_done: state == "done" }
    };
    rows.map(read).collect()
}

/// Writes into the list and the page what is registered: `KSR_WRITE=1 cargo test -p sip-lua --test modules`. Notes stay.
fn write_lists() {
    let there = registered();
    let rewrite = |path: &str, line: &dyn Fn(&str) -> String| {
        let path = in_repository(path);
        let text = fs::read_to_string(&path).expect("a list");
        let lines: Vec<_> = text.lines().map(line).collect();
        fs::write(path, lines.join("\n") + "\n").expect("the list is written");
    };
    rewrite("sip-lua/tests/data/ksr.tsv", &|line| {
        let cells: Vec<_> = line.split('\t').collect();
        match cells[..] {
            [module, function, parameters, _] if !line.starts_with('#') => {
                let state = if there.contains(&format!("{module}.{function}")) { "done" } else { "absent" };
                [module, function, parameters, state].join("\t")
            }
            _ => line.to_owned(),
        }
    });
    let mut modules: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for name in &there {
        let (module, function) = name.rsplit_once('.').expect("a module and a function");
        modules.entry(module).or_default().push(format!("`{function}`"));
    }
    let page = fs::read_to_string(in_repository("docs/KSR.md")).expect("the page");
    let note = |module: &str| {
        let row = page.lines().find_map(|line| line.strip_prefix(&format!("| `{module}` | ")));
        row.and_then(|row| row.split_once(" | ")).map_or("|", |(_, note)| note).to_owned()
    };
    let rows: Vec<_> = modules
        .iter()
        .map(|(module, functions)| format!("| `{module}` | {} | {}", functions.join(", "), note(module)))
        .collect();
    let is_row = |line: &&str| line.starts_with("| `KSR");
    let before: Vec<_> = page.lines().take_while(|line| !is_row(line)).collect();
    let behind: Vec<_> = page.lines().skip_while(|line| !is_row(line)).skip_while(is_row).collect();
    let page = [before.join("\n"), rows.join("\n"), behind.join("\n")].join("\n") + "\n";
    fs::write(in_repository("docs/KSR.md"), page).expect("the page is written");
}

/// Those of our own: under `KSR.await`.
fn is_our_own(name: &str) -> bool {
    name.starts_with("KSR.await.")
}

#[test]
fn the_list_of_kemi_functions_says_what_there_is() {
    if std::env::var_os("KSR_WRITE").is_some() {
        write_lists();
    }
    let done: BTreeSet<_> = kemi().into_iter().filter(|kemi| kemi.is_done).map(|kemi| kemi.name).collect();
    let there: BTreeSet<_> = registered().into_iter().filter(|name| !is_our_own(name)).collect();
    assert!(there.len() > 100, "{there:?}");
    assert_eq!(there, done);
}

#[test]
fn the_reference_page_names_every_function() {
    let page = fs::read_to_string(in_repository("docs/KSR.md")).expect("the page");
    let mut documented = BTreeSet::new();
    for row in page.lines().filter_map(|line| line.strip_prefix("| `KSR")) {
        let mut cells = row.split(" | ");
        let module = cells.next().unwrap_or_default().trim_end_matches('`');
        let functions = cells.next().unwrap_or_default().split('`').skip(1).step_by(2);
        documented.extend(functions.map(|function| format!("KSR{module}.{function}")));
    }
    assert_eq!(documented, registered());
}

#[test]
fn functions_take_as_many_arguments_as_kemi_says() {
    // More arguments than any function takes: each says how many it wants, and does nothing.
    let call = "for module, functions in pairs(KSR) do
            if type(functions) == 'function' then functions(1, 2, 3, 4, 5, 6, 7)
            elseif module ~= 'x' then
                for name, call in pairs(functions) do call(1, 2, 3, 4, 5, 6, 7) end
            end
        end
        KSR.sl.send_reply(480, 'done')";
    let log = logged(|| {
        play(&invite_route(call), async |world| {
            let alice = world.agent("alice");
            common::call(&alice, 480).await;
        });
    });
    let said = log.lines().filter_map(|line| {
        let (before, behind) = line.split_once(" takes ")?;
        Some((before.rsplit(' ').next()?.to_owned(), behind.split(' ').next()?.parse::<usize>().ok()?))
    });
    let said: BTreeMap<_, _> = said.collect();
    let wanted: BTreeMap<_, _> = kemi()
        .into_iter()
        .filter(|kemi| kemi.is_done && !kemi.name.starts_with("KSR.x."))
        .map(|kemi| (kemi.name, kemi.parameters))
        .collect();
    let said: BTreeMap<_, _> = said.into_iter().filter(|(name, _)| !is_our_own(name)).collect();
    let others: Vec<_> = wanted.iter().filter(|(name, count)| said.get(*name) != Some(*count)).collect();
    assert!(
        others.is_empty() && said.len() == wanted.len(),
        "of these the list says another number: {others:?}"
    );
}
