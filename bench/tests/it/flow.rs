//! Recorded order flow through four real validators.

use std::fs::File;
use std::io::BufRead;
use std::io::BufReader;
use std::io::Write;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use serde_json::Value;
use tempfile::TempDir;

use super::bench;

/// Lines of a real recording: about two seconds.
const LINES: usize = 600;

/// The `heddle` binary beside the one that is tested; built if nobody has, as when this package is tested alone.
fn heddle() -> &'static Path {
    static HEDDLE: OnceLock<PathBuf> = OnceLock::new();
    HEDDLE.get_or_init(|| {
        let path = Path::new(env!("CARGO_BIN_EXE_heddle-bench")).with_file_name("heddle");
        if !path.is_file() {
            let profile = path.parent().unwrap();
            let mut build = Command::new(env!("CARGO"));
            build.args(["build", "--locked", "--package", "heddle-cli"]);
            if profile.ends_with("release") {
                build.arg("--release");
            }
            build.env("CARGO_TARGET_DIR", profile.parent().unwrap());
            assert!(build.status().unwrap().success());
        }
        path
    })
}

/// Four validators, ended with the test.
struct Localnet {
    home: String,
    urls: String,
    _dir: TempDir,
}

impl Localnet {
    fn start(args: &[&str]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let home = dir.path().join("net").to_str().unwrap().to_owned();
        let mut command = Command::new(heddle());
        command.args(["localnet", "start", "--port-base", "0", "--detach", "--json", "--home"]);
        let output = command.arg(&home).args(args).output().unwrap();
        let document: Value = serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)));
        let validators = document["validators"].as_array().unwrap();
        let urls: Vec<_> = validators.iter().map(|one| one["rpc"].as_str().unwrap()).collect();
        assert_eq!(urls.len(), 4);
        Self { home, urls: urls.join(","), _dir: dir }
    }

    fn replay(&self, file: &Path, args: &[&str]) -> (Option<i32>, Value) {
        let file = file.to_str().unwrap();
        let common = ["replay", "--market", "BTC-PERP", "--check", "--json", "--orderflow", file];
        let output = bench(&[&common, args].concat());
        let document = serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)));
        (output.status.code(), document)
    }
}

impl Drop for Localnet {
    fn drop(&mut self) {
        let _ = Command::new(heddle()).args(["localnet", "stop", "--home", &self.home]).output();
    }
}

fn write(dir: &TempDir, lines: &str) -> PathBuf {
    let path = dir.path().join("recording.gz");
    let mut encoder = GzEncoder::new(File::create(&path).unwrap(), Compression::fast());
    encoder.write_all(lines.as_bytes()).unwrap();
    encoder.finish().unwrap();
    path
}

/// The beginning of a real recording; none where there is none.
fn real() -> Option<String> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data/orderflow");
    let Ok(mut entries) = std::fs::read_dir(&dir) else {
        println!("left out: recordings of order flow, {} is not there", dir.display());
        return None;
    };
    let file = File::open(entries.next()?.unwrap().path()).unwrap();
    let lines = BufReader::new(GzDecoder::new(file)).lines().take(LINES);
    Some(lines.map(|line| line.unwrap() + "\n").collect())
}

/// Of another symbol with other decimals: 64 levels a side that move, takers, a gap in the numbers, a whole book in the middle.
fn synthetic(last_bid: &str) -> String {
    let mut lines = String::new();
    let mut line = |stream: &str, data: String| {
        lines.push_str(&format!("1 {{\"stream\":\"x@{stream}\",\"data\":{{{data}}}}}\n"));
    };
    let price = |ticks: u32| format!("{}.{:04}", ticks / 10_000, ticks % 10_000);
    for step in 1..=60_u32 {
        // Where updates are missing, their numbers are too.
        let id = if step < 40 { step } else { step + 5 };
        let middle = 25_000 + step % 7;
        let side = |sign: i32| {
            let level = |depth: u32| {
                let away = i32::try_from(depth + 1).unwrap() * sign;
                let lots = (step * 31 + depth * 17) % 23;
                format!("[\"{}\",\"{lots}\"]", price(middle.checked_add_signed(away).unwrap()))
            };
            (0..64).map(level).collect::<Vec<_>>().join(",")
        };
        let trade = |at: u32, maker: bool| {
            format!(
                "\"T\":{step},\"s\":\"XYZ\",\"t\":1,\"p\":\"{}\",\"q\":\"40\",\"X\":\"MARKET\",\"m\":{maker}",
                price(at)
            )
        };
        line("trade", trade(middle + 3, false));
        line("trade", trade(middle - 3, true));
        let levels = format!("\"b\":[{}],\"a\":[{}]", side(-1), side(1));
        line("depth", format!("\"E\":{step},\"s\":\"XYZ\",\"U\":{id},\"u\":{id},{levels}"));
    }
    let best = |price: &str| format!("[[\"{price}\",\"9\"]]");
    let whole = format!("\"b\":{},\"a\":{}", best("2.4990"), best("2.5020"));
    lines.push_str(&format!(
        "1 {{\"lastUpdateId\":70,\"E\":70,\"T\":70,{}}}\n",
        whole.replace("\"b\"", "\"bids\"").replace("\"a\"", "\"asks\"")
    ));
    let touch = format!(
        "\"u\":70,\"s\":\"XYZ\",\"b\":\"{last_bid}\",\"B\":\"9\",\"a\":\"2.5020\",\"A\":\"9\""
    );
    lines.push_str(&format!("1 {{\"stream\":\"x@bookTicker\",\"data\":{{{touch}}}}}\n"));
    lines
}

#[track_caller]
fn check_right((code, found): &(Option<i32>, Value)) {
    assert_eq!(*code, Some(0), "{found}");
    let number = |name: &str| found[name].as_u64().unwrap_or_else(|| panic!("{name}: {found}"));
    assert!(number("compared") > 0, "{found}");
    assert_eq!(number("pricesEqual"), number("compared"), "{found}");
    assert_eq!(number("quantitiesEqual"), number("compared"), "{found}");
    assert_eq!(number("booksEqual"), number("booksCompared"), "{found}");
    assert!(number("fillsCompared") > 0, "{found}");
    assert_eq!((number("fillsDiffering"), number("closingsDiffering")), (0, 0), "{found}");
    assert_eq!((number("failed"), number("unplaced")), (0, 0), "{found}");
    assert_eq!((&found["lastBookEqual"], &found["cleared"]), (&true.into(), &true.into()));
    assert_eq!((&found["equal"], &found["supplyConstant"]), (&true.into(), &true.into()));
    assert_eq!(found["roots"].as_array().unwrap().len(), 4);
    assert_eq!(found["supplyBefore"], found["supplyAfter"]);
}

#[test]
fn recorded_order_flow_through_four_validators_has_the_recorded_best_prices() {
    let net = Localnet::start(&["--no-feed"]);
    let dir = tempfile::tempdir().unwrap();
    let home = ["--home", &net.home];
    if let Some(lines) = real() {
        let found = net.replay(&write(&dir, &lines), &home);
        check_right(&found);
        assert_eq!(found.1["pricesPosted"], true);
        assert!(found.1["updates"].as_u64().unwrap() >= 20, "{}", found.1);
    }
    // So far from what was traded a moment ago that the breaker trips, once.
    let trips = u64::from(real().is_some());
    let found = net.replay(&write(&dir, &synthetic("2.4990")), &home);
    check_right(&found);
    assert_eq!(found.1["interruptions"], trips, "{}", found.1);
    assert_eq!((&found.1["gaps"], &found.1["priceDecimals"]), (&1.into(), &4.into()));

    let (code, found) = net.replay(&write(&dir, &synthetic("2.4991")), &home);
    assert_eq!((code, &found["pricesEqual"]), (Some(1), &0.into()), "{found}");
}

#[test]
fn nodes_alone_are_enough_where_a_feed_posts_prices_and_the_faucet_gives() {
    let net = Localnet::start(&[]);
    let dir = tempfile::tempdir().unwrap();
    let found = net.replay(&write(&dir, &synthetic("2.4990")), &["--rpc", &net.urls]);
    check_right(&found);
    assert_eq!(found.1["pricesPosted"], false);
    assert!(found.1["movedTicks"].as_i64().unwrap() > 500_000, "{}", found.1);
}
