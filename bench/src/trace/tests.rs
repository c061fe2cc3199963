use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;

use super::*;

const ALICE: &str = "a1e4380a3b1f749673e270229993ee55f35663b4";
const BOB: &str = "5df9b87991262f6ba471f09758cde1c0fc1de734";
const GWEI: NonZeroU128 = NonZeroU128::new(1_000_000_000).unwrap();

fn packed(text: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

fn head(block: u64, txs: usize) -> String {
    format!(
        "{{\"format\":\"eth-access-trace/1\",\"block\":{block},\"txs\":{txs},\"fields\":{{\"x\":[1]}}}}\n\
         {{\"addresses\":[[\"{ALICE}\",\"f\"],[\"{BOB}\"]]}}\n{{\"locations\":[[\"b\",1]]}}\n"
    )
}

fn row(index: u64, success: bool, ends: (&str, &str), value: &str) -> String {
    let (to, created) = ends;
    format!(
        "{{\"index\":{index},\"success\":{success},\"sender\":0,\"to\":{to},\"created\":{created},\
         \"value\":\"{value}\",\"reads\":[0]}}\n"
    )
}

fn read_files(
    files: &[(&str, Vec<u8>)],
    scale: NonZeroU128,
) -> Result<Vec<TracedTransfer>, String> {
    let dir = tempfile::tempdir().unwrap();
    for (name, bytes) in files {
        fs::write(dir.path().join(name), bytes).unwrap();
    }
    let root = dir.path().display().to_string();
    read_dir(dir.path(), scale).map_err(|e| e.to_string().replace(&root, "DIR"))
}

fn read_text(text: &str) -> Result<Vec<TracedTransfer>, String> {
    read_files(&[("7.jsonl.gz", packed(text.as_bytes()))], GWEI)
}

fn amounts(transfers: &[TracedTransfer]) -> Vec<u128> {
    transfers.iter().map(|transfer| transfer.amount.get()).collect()
}

#[test]
fn only_successful_positive_transactions_with_a_recipient_are_transfers() {
    let text = head(7, 6)
        + &row(0, true, ("1", "null"), "5000000000")
        + &row(1, false, ("1", "null"), "6000000000")
        + &row(2, true, ("1", "null"), "0")
        + &row(3, true, ("null", "1"), "7000000000")
        + &row(4, true, ("null", "null"), "8000000000")
        + &row(5, true, ("0", "null"), "9000000000");
    let transfers = read_text(&text).unwrap();
    assert_eq!(amounts(&transfers), [5, 7, 9]);
    assert_eq!(transfers[0].from.to_string(), ALICE);
    assert_eq!(transfers[1].to.to_string(), BOB);
    assert_eq!(transfers[2].to, transfers[2].from);
}

#[test]
fn values_are_divided_by_the_scale_and_rounded_down() {
    let text = head(7, 4)
        + &row(0, true, ("1", "null"), "999999999")
        + &row(1, true, ("1", "null"), "1000000000")
        + &row(2, true, ("1", "null"), "1999999999")
        + &row(3, true, ("1", "null"), "123456789123456789123456789");
    assert_eq!(amounts(&read_text(&text).unwrap()), [1, 1, 123_456_789_123_456_789]);
    let file = [("7.jsonl.gz", packed(text.as_bytes()))];
    let unscaled = read_files(&file, NonZeroU128::MIN).unwrap();
    assert_eq!(amounts(&unscaled)[0], 999_999_999);
    assert_eq!(amounts(&unscaled)[3], 123_456_789_123_456_789_123_456_789);
}

#[test]
fn files_are_read_by_block_number_not_by_name() {
    let file = |block, value| {
        let text = head(block, 1) + &row(0, true, ("1", "null"), value);
        (format!("{block}.jsonl.gz"), packed(text.as_bytes()))
    };
    let files = [file(10, "2000000000"), file(9, "1000000000"), file(100, "3000000000")];
    let mut files: Vec<_> =
        files.iter().map(|(name, bytes)| (name.as_str(), bytes.clone())).collect();
    files.push(("README.md", b"not a trace".to_vec()));
    assert_eq!(amounts(&read_files(&files, GWEI).unwrap()), [1, 2, 3]);
}

#[track_caller]
fn check_refused(text: &str, expected: &str) {
    let error = read_text(text).unwrap_err();
    assert!(error.starts_with(&format!("DIR/7.jsonl.gz:{expected}")), "{error}");
}

#[test]
fn what_is_wrong_is_told_with_file_and_line() {
    let good = row(0, true, ("1", "null"), "1");
    check_refused("", "1: found the end, expected the header");
    check_refused("{\n", "1: EOF while parsing");
    check_refused(&head(8, 0), "1: block: found 8, expected 7");
    check_refused(
        &head(7, 0).replace("trace/1", "trace/2"),
        "1: format: found \"eth-access-trace/2\"",
    );
    check_refused(&head(7, 0).replace(BOB, "5df9"), "2: addresses[1]");
    check_refused(&head(7, 0).replace("locations", "places"), "3: missing field `locations`");
    check_refused(&head(7, 1), "4: found the end, expected a transaction");
    check_refused(&(head(7, 0) + &good), "4: found a line, expected the end after 0");
    check_refused(&(head(7, 2) + &good + &good), "5: index: found 0, expected 1");
    check_refused(
        &(head(7, 1) + &row(0, true, ("2", "null"), "1")),
        "4: to: found 2, expected an id below 2",
    );
    check_refused(
        &(head(7, 1) + &row(0, true, ("-1", "null"), "1")),
        "4: invalid value: integer `-1`",
    );
    check_refused(&(head(7, 1) + &row(0, true, ("null", "9"), "1")), "4: created: found 9");
    check_refused(&(head(7, 1) + &row(0, true, ("1", "null"), "-1")), "4: value: found \"-1\"");
    check_refused(&(head(7, 1) + &row(0, true, ("1", "null"), "+1")), "4: value: found \"+1\"");
    check_refused(&(head(7, 1) + &row(0, true, ("1", "null"), "1e9")), "4: value: found \"1e9\"");
    check_refused(&(head(7, 1) + &row(0, true, ("1", "null"), "")), "4: value: found \"\"");
    check_refused(
        &(head(7, 1) + &row(0, true, ("1", "null"), &"9".repeat(80))),
        "4: value: found \"9999",
    );
}

#[test]
fn a_file_that_was_cut_off_or_is_no_gzip_is_refused() {
    let whole = packed((head(7, 1) + &row(0, true, ("1", "null"), "1000000000")).as_bytes());
    let cut = read_files(&[("7.jsonl.gz", whole[..whole.len() - 12].to_vec())], GWEI).unwrap_err();
    assert!(cut.contains("cannot be unpacked"), "{cut}");
    let garbage = read_files(&[("7.jsonl.gz", b"garbage".to_vec())], GWEI).unwrap_err();
    assert!(garbage.starts_with("DIR/7.jsonl.gz:1: cannot be unpacked"), "{garbage}");
}

#[test]
fn a_small_file_that_unpacks_into_very_much_is_refused_at_the_limit() {
    let zeros = packed(&vec![b'0'; 9 * 1024 * 1024]);
    assert!(zeros.len() < 100_000);
    let error = read_files(&[("7.jsonl.gz", zeros)], GWEI).unwrap_err();
    assert!(error.contains("found a line of more than 8388608 bytes"), "{error}");
    let padded = |index| " ".repeat(1024 * 1024) + &row(index, true, ("1", "null"), "1");
    let long = packed((head(7, 70) + &(0..70).map(padded).collect::<String>()).as_bytes());
    assert!(long.len() < 1_000_000);
    let error = read_files(&[("7.jsonl.gz", long)], GWEI).unwrap_err();
    assert!(error.starts_with("DIR/7.jsonl.gz:67: found more than 67108864 bytes"), "{error}");
}

#[test]
fn a_line_nested_very_deep_is_refused_without_recursion() {
    let deep = "[".repeat(1_000_000);
    check_refused(&head(7, 0).replace("[[\"b\",1]]", &deep), "3: ");
}

#[test]
fn a_directory_without_traces_or_with_two_of_one_block_is_refused() {
    assert_eq!(
        read_files(&[], GWEI).unwrap_err(),
        "DIR: found no trace; give a directory of N.jsonl.gz access traces"
    );
    let file = packed(head(7, 0).as_bytes());
    let twice = read_files(&[("7.jsonl.gz", file.clone()), ("07.jsonl.gz", file.clone())], GWEI);
    assert!(twice.unwrap_err().contains("found this block's number twice"));
    let unnumbered = read_files(&[("seven.jsonl.gz", file)], GWEI);
    assert!(unnumbered.unwrap_err().contains("found no block number"));
}

fn touching(index: u64, lists: &str) -> String {
    format!("{{\"index\":{index},\"gas_used\":21000,\"loads\":[0],{lists}}}\n")
}

fn accesses(text: &str) -> Result<Vec<TracedBlock>, String> {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("7.jsonl.gz"), packed(text.as_bytes())).unwrap();
    let root = dir.path().display().to_string();
    read_accesses(dir.path()).map_err(|e| e.to_string().replace(&root, "DIR"))
}

#[test]
fn accesses_are_the_locations_that_a_transaction_touched() {
    let places = "[[\"b\",0],[\"n\",0],[\"b\",1],[\"s\",1,\"5\",\"a\"]]";
    let text = head(7, 2).replace("[[\"b\",1]]", places)
        + &touching(0, "\"reads\":[0,1],\"credits\":[2],\"writes\":[0,1,2]")
        + &touching(1, "\"reads\":[3],\"credits\":[],\"writes\":[]");
    let access = |reads: &[u32], credits: &[u32], writes: &[u32]| {
        let [reads, credits, writes] = [reads, credits, writes].map(<[u32]>::to_vec);
        TracedAccess { gas: 21_000, reads, credits, writes }
    };
    let txs = vec![access(&[0, 1], &[2], &[0, 1, 2]), access(&[3], &[], &[])];
    assert_eq!(accesses(&text), Ok(vec![TracedBlock { locations: 4, txs }]));
}

#[test]
fn locations_that_are_unknown_twice_or_both_read_and_credited_are_refused() {
    #[track_caller]
    fn check(lists: &str, expected: &str) {
        let error = accesses(&(head(7, 1) + &touching(0, lists))).unwrap_err();
        assert!(error.starts_with(&format!("DIR/7.jsonl.gz:4: {expected}")), "{error}");
    }
    check("\"reads\":[1],\"credits\":[],\"writes\":[]", "reads: found 1, expected ids below 1");
    check("\"reads\":[],\"credits\":[],\"writes\":[7]", "writes: found 7, expected ids below 1");
    check("\"reads\":[],\"credits\":[0,0],\"writes\":[]", "credits: found 0 twice");
    check("\"reads\":[0],\"credits\":[0],\"writes\":[0]", "credits: found 0, which is also");
    check("\"reads\":[],\"writes\":[]", "missing field `credits`");
}
