//! `heddle node export-evidence`: what a home that does not run holds against validators.

use heddle_storage::Storage;

use crate::exit::Fatal;
use crate::home::Home;
use crate::node::evidence;
use crate::run::EvidenceItem;
use crate::run::EvidenceReport;

/// Reads and verifies the evidence of a home that this process has locked.
pub(crate) fn export_evidence(home: &Home) -> Result<EvidenceReport, Fatal> {
    let committee = home.committee();
    let opened = Storage::open(&home.db_path(), committee.chain());
    let (storage, _) = opened.map_err(|error| Fatal::of_storage(&error))?;
    let rows = storage.evidence().map_err(|error| Fatal::of_storage(&error))?;
    let item = |row| {
        let verified = evidence::is_proof(row, committee);
        Some(EvidenceItem { evidence: evidence::to_reply(row, committee)?, verified })
    };
    let evidence = rows.iter().filter_map(item).collect();
    Ok(EvidenceReport { chain_id: committee.chain().to_string(), evidence })
}
