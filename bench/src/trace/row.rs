//! The kinds of lines in a trace. Errors are texts that name the field; the caller adds file and line.

use std::num::NonZeroU128;

use heddle_types::Amount;
use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::trace::EthAddress;
use crate::trace::TracedAccess;
use crate::trace::TracedTransfer;

const FORMAT: &str = "eth-access-trace/1";

#[derive(Deserialize)]
struct Header {
    format: String,
    block: u64,
    txs: u64,
}

#[derive(Deserialize)]
struct Addresses {
    addresses: Vec<Vec<String>>,
}

#[derive(Deserialize)]
struct Locations {
    locations: Vec<IgnoredAny>,
}

#[derive(Deserialize)]
struct Row {
    index: u64,
    success: bool,
    sender: usize,
    to: Option<usize>,
    created: Option<usize>,
    value: String,
}

#[derive(Deserialize)]
struct AccessRow {
    index: u64,
    gas_used: u64,
    reads: Vec<u32>,
    credits: Vec<u32>,
    writes: Vec<u32>,
}

/// How many transactions the header promises.
pub(super) fn header(line: &[u8], block: u64) -> Result<u64, String> {
    let header: Header = parse(line)?;
    if header.format != FORMAT {
        let found: String = header.format.chars().take(64).collect();
        return Err(format!("format: found {found:?}, expected {FORMAT:?}"));
    }
    if header.block != block {
        let found = header.block;
        return Err(format!("block: found {found}, expected {block}, as the file is named"));
    }
    Ok(header.txs)
}

pub(super) fn addresses(line: &[u8]) -> Result<Vec<EthAddress>, String> {
    let list: Addresses = parse(line)?;
    let address = |(position, item): (usize, &Vec<String>)| {
        let mut bytes = [0; 20];
        let text = item.first().filter(|_| item.len() <= 2).map_or("", String::as_str);
        hex::decode_to_slice(text, &mut bytes).map(|()| EthAddress(bytes)).map_err(|_| {
            format!("addresses[{position}]: expected [40 hex digits] or [40 hex digits, flags]")
        })
    };
    list.addresses.iter().enumerate().map(address).collect()
}

/// How many locations there are.
pub(super) fn locations(line: &[u8]) -> Result<u32, String> {
    let list: Locations = parse(line)?;
    u32::try_from(list.locations.len()).map_err(|_| "locations: expected below 2^32".to_owned())
}

/// The transfer of a transaction, if it is one.
pub(super) fn transfer(
    line: &[u8],
    index: u64,
    addresses: &[EthAddress],
    scale: NonZeroU128,
) -> Result<Option<TracedTransfer>, String> {
    let row: Row = parse(line)?;
    in_place(row.index, index)?;
    let address = |field: &str, id: usize| {
        let known = addresses.len();
        let found = addresses.get(id).copied();
        found.ok_or_else(|| format!("{field}: found {id}, expected an id below {known}"))
    };
    let from = address("sender", row.sender)?;
    let to = row.to.map(|id| address("to", id)).transpose()?;
    let created = row.created.map(|id| address("created", id)).transpose()?;
    let amount = scaled(&row.value, scale)?;
    let transfer = to.or(created).map(|to| TracedTransfer { from, to, amount });
    Ok(transfer.filter(|_| row.success && amount != Amount::ZERO))
}

/// What a transaction touched.
pub(super) fn access(line: &[u8], index: u64, locations: u32) -> Result<TracedAccess, String> {
    let row: AccessRow = parse(line)?;
    in_place(row.index, index)?;
    for (field, ids) in [("reads", &row.reads), ("credits", &row.credits), ("writes", &row.writes)]
    {
        known(field, ids, locations)?;
    }
    let AccessRow { index: _, gas_used: gas, reads, credits, writes } = row;
    let both = credits.iter().find(|id| reads.contains(id));
    match both {
        None => Ok(TracedAccess { gas, reads, credits, writes }),
        Some(id) => Err(format!("credits: found {id}, which is also in reads")),
    }
}

/// That ids are those of locations, each once.
fn known(field: &str, ids: &[u32], locations: u32) -> Result<(), String> {
    let mut sorted = ids.to_vec();
    sorted.sort_unstable();
    if let Some(last) = sorted.last().filter(|last| **last >= locations) {
        return Err(format!("{field}: found {last}, expected ids below {locations}"));
    }
    match sorted.windows(2).find(|pair| pair[0] == pair[1]) {
        None => Ok(()),
        Some(pair) => Err(format!("{field}: found {} twice", pair[0])),
    }
}

fn in_place(found: u64, expected: u64) -> Result<(), String> {
    match found == expected {
        true => Ok(()),
        false => Err(format!("index: found {found}, expected {expected}")),
    }
}

/// A decimal number of wei in units of `scale` wei, rounded down: nobody is paid more than was.
fn scaled(value: &str, scale: NonZeroU128) -> Result<Amount, String> {
    let digits = !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit());
    let wei = value.parse::<u128>().ok().filter(|_| digits);
    let units = wei.map(|wei| wei / scale).and_then(Amount::new);
    units.ok_or_else(|| {
        let found: String = value.chars().take(64).collect();
        format!("value: found {found:?}, expected a decimal number of wei, at most 2^120 - 1 after scaling")
    })
}

fn parse<'a, T: Deserialize<'a>>(line: &'a [u8]) -> Result<T, String> {
    serde_json::from_slice(line).map_err(|e| e.to_string())
}
