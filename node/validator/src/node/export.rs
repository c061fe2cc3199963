//! `heddle node export-evidence`: what a home that does not run holds against validators.

use std::sync::Arc;

use heddle_storage::EvidenceRow;
use heddle_storage::Storage;
use heddle_storage::StorageError;

use crate::exit::Fatal;
use crate::home::Home;
use crate::node::committees::Committees;
use crate::node::evidence;
use crate::run::EvidenceItem;
use crate::run::EvidenceReport;

/// Reads and verifies the evidence of a home that this process has locked.
pub(crate) fn export_evidence(home: &Home) -> Result<EvidenceReport, Fatal> {
    let first = home.committee();
    let opened = Storage::open(&home.db_path(), first.chain());
    let (storage, _) = opened.map_err(|error| Fatal::of_storage(&error))?;
    let committees = Committees::new(Arc::new(first.clone()));
    let items = storage.evidence().and_then(|rows| {
        let item = |row| item(row, (&storage, &committees)).transpose();
        rows.iter().filter_map(item).collect()
    });
    let evidence = items.map_err(|error| Fatal::of_storage(&error))?;
    Ok(EvidenceReport { chain_id: first.chain().to_string(), evidence })
}

fn item(
    row: &EvidenceRow,
    (storage, committees): (&Storage, &Committees),
) -> Result<Option<EvidenceItem>, StorageError> {
    let Some(evidence) = evidence::to_reply(row, (storage, committees))? else { return Ok(None) };
    let committee = committees.of(storage, row.epoch)?;
    let verified = committee.is_some_and(|committee| evidence::is_proof(row, &committee));
    Ok(Some(EvidenceItem { evidence, verified }))
}
