//! Who may depend on whom. The tables of `ARCHITECTURE.md` are read and compared with the manifests, so that the page and
//! the program cannot part.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::path::PathBuf;

use toml::Table;
use toml::Value;

/// What does IO; no pure crate may reach it.
const IO_CRATES: [&str; 4] = ["tokio", "rocksdb", "quinn", "hyper"];

type Names = BTreeSet<String>;

/// One crate's direct dependencies.
struct Manifest {
    /// Of the crate itself and its build script.
    shipped: Names,
    /// Of its tests.
    dev: Names,
}

/// The manifests of the workspace, by folder such as `runtime/types`.
fn manifests() -> BTreeMap<String, Manifest> {
    let root = toml_file("Cargo.toml");
    let members = root["workspace"]["members"].as_array().unwrap();
    let members = members.iter().map(|member| member.as_str().unwrap().to_owned());
    members.map(|folder| (folder.clone(), manifest(&folder))).collect()
}

fn manifest(folder: &str) -> Manifest {
    let table = toml_file(&format!("{folder}/Cargo.toml"));
    assert_eq!(table["package"]["name"].as_str().unwrap(), format!("heddle-{}", last(folder)));
    let mut found = Manifest { shipped: Names::new(), dev: Names::new() };
    found.add(&table);
    for (_, of_target) in table.get("target").and_then(Value::as_table).into_iter().flatten() {
        found.add(of_target.as_table().unwrap());
    }
    found
}

impl Manifest {
    fn add(&mut self, table: &Table) {
        self.shipped.extend(names(table, "dependencies"));
        self.shipped.extend(names(table, "build-dependencies"));
        self.dev.extend(names(table, "dev-dependencies"));
    }
}

fn names(table: &Table, section: &str) -> Names {
    let section = table.get(section).and_then(Value::as_table).into_iter().flatten();
    section
        .map(|(name, value)| value.get("package").and_then(Value::as_str).unwrap_or(name))
        .map(str::to_owned)
        .collect()
}

/// The layering table: crates by height, and which of one height may see which.
#[derive(Default)]
struct Layers {
    /// A higher number may see a lower one.
    height: BTreeMap<String, usize>,
    /// `a, b -> c`: a and b may see c, though they are of one height.
    sideways: BTreeSet<(String, String)>,
}

impl Layers {
    fn read() -> Self {
        let page = page();
        let lines = page.lines().skip_while(|line| !line.starts_with("Arrows point down only"));
        let table = lines.skip_while(|line| *line != "```text").skip(1);
        let lines: Vec<&str> = table.take_while(|line| *line != "```").collect();
        let mut layers = Self::default();
        for (height, line) in lines.iter().rev().enumerate() {
            assert!(line.starts_with('L'), "{line}");
            let (_, crates) = line.split_once(' ').unwrap();
            crates.split('|').flat_map(|part| part.split("  ")).for_each(|chain| {
                layers.add(chain, height);
            });
        }
        layers
    }

    fn add(&mut self, chain: &str, height: usize) {
        let mut left = Vec::new();
        for part in chain.split("->") {
            let right: Vec<String> = part
                .split(',')
                .map(|name| name.trim().to_owned())
                .filter(|n| !n.is_empty())
                .collect();
            for name in &right {
                assert_eq!(self.height.insert(name.clone(), height), None, "{name} stands twice");
                self.sideways.extend(left.iter().map(|of: &String| (of.clone(), name.clone())));
            }
            left.extend(right);
        }
    }

    /// What keeps `from` from depending on `to`.
    fn objection(&self, from: &str, to: &str, is_dev: bool) -> Option<String> {
        let (above, below) = (self.height[from], self.height[to]);
        let drawn = self.sideways.contains(&(from.to_owned(), to.to_owned()));
        let may = above > below || drawn || (is_dev && above == below);
        (!may).then(|| format!("{from} -> {to}"))
    }
}

/// The kind, `pure` or `IO`, of each folder in the table of folders.
fn kinds() -> BTreeMap<String, String> {
    let page = page();
    let rows = page.lines().filter_map(|line| line.strip_prefix("| `"));
    rows.map(|row| {
        let (folder, rest) = row.split_once("` | ").unwrap();
        (folder.to_owned(), rest.split(" | ").next().unwrap().to_owned())
    })
    .collect()
}

/// Everything that `folder` is built from, through our crates; other crates are not looked into.
fn reached(manifests: &BTreeMap<String, Manifest>, folder: &str) -> Names {
    let mut found = manifests[folder].shipped.clone();
    for name in ours(&manifests[folder].shipped) {
        let below = manifests.keys().find(|other| last(other) == name).unwrap();
        found.extend(reached(manifests, below));
    }
    found
}

fn ours(names: &Names) -> impl Iterator<Item = &str> {
    names.iter().filter_map(|name| name.strip_prefix("heddle-"))
}

fn last(folder: &str) -> &str {
    folder.rsplit('/').next().unwrap()
}

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn page() -> String {
    fs::read_to_string(repository().join("ARCHITECTURE.md")).unwrap()
}

fn toml_file(path: &str) -> Table {
    fs::read_to_string(repository().join(path)).unwrap().parse().unwrap()
}

#[test]
fn both_tables_of_the_page_name_every_crate_once() {
    let folders: Names = manifests().into_keys().collect();
    let crates: Names = folders.iter().map(|folder| last(folder).to_owned()).collect();
    assert_eq!(kinds().into_keys().collect::<Names>(), folders);
    assert_eq!(Layers::read().height.into_keys().collect::<Names>(), crates);
    assert!(kinds().values().all(|kind| kind == "pure" || kind == "IO"));
}

#[test]
fn arrows_point_down_only() {
    let layers = Layers::read();
    let mut wrong = Vec::new();
    for (folder, manifest) in manifests() {
        let of = |names, is_dev| {
            let objection = |to| layers.objection(last(&folder), to, is_dev);
            ours(names).filter_map(objection).collect::<Vec<_>>()
        };
        wrong.extend(of(&manifest.shipped, false));
        wrong.extend(of(&manifest.dev, true));
    }
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn a_pure_crate_reaches_nothing_that_does_io() {
    let (manifests, kinds) = (manifests(), kinds());
    let pure: Vec<&String> = manifests.keys().filter(|folder| kinds[*folder] == "pure").collect();
    assert!(pure.len() >= 11, "{pure:?}");
    for folder in pure {
        let mut all = reached(&manifests, folder);
        all.extend(manifests[folder].dev.iter().cloned());
        for name in IO_CRATES {
            assert!(!all.contains(name), "{folder} reaches {name}");
        }
        for io in kinds.iter().filter(|(_, kind)| *kind == "IO").map(|(io, _)| last(io)) {
            assert!(!all.contains(&format!("heddle-{io}")), "{folder} reaches heddle-{io}");
        }
    }
}

#[test]
fn the_executor_sees_no_program() {
    let manifests = manifests();
    let programs = manifests.keys().filter_map(|folder| folder.strip_prefix("programs/"));
    let programs: Vec<&str> = programs.filter(|name| *name != "sdk").collect();
    assert!(programs.contains(&"ledger"));
    let seen = reached(&manifests, "runtime/executor");
    for program in programs {
        assert!(!seen.contains(&format!("heddle-{program}")), "{program}");
    }
}

#[test]
fn the_machine_knows_neither_io_nor_the_executor() {
    let manifests = manifests();
    let mut known = reached(&manifests, "node/machine");
    known.extend(manifests["node/machine"].dev.iter().cloned());
    for name in IO_CRATES.into_iter().chain(["heddle-executor", "heddle-storage"]) {
        assert!(!known.contains(name), "{name}");
    }
}

#[test]
fn an_arrow_that_points_up_or_sideways_is_found() {
    let mut layers = Layers::default();
    layers.add("types", 0);
    layers.add("wire -> hotstuff, catchup", 1);
    layers.add("sdk", 1);
    for (from, to) in [("wire", "types"), ("wire", "catchup"), ("sdk", "types")] {
        assert_eq!(layers.objection(from, to, false), None);
    }
    for (from, to) in
        [("types", "wire"), ("hotstuff", "wire"), ("catchup", "hotstuff"), ("sdk", "wire")]
    {
        assert_eq!(layers.objection(from, to, false), Some(format!("{from} -> {to}")));
    }
    assert_eq!(layers.objection("sdk", "wire", true), None);
    assert!(layers.objection("types", "wire", true).is_some());
}
