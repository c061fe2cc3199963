//! Executed blocks as the API shows them.

use heddle_rpc_api::Block;
use heddle_rpc_api::Certificate;
use heddle_storage::StorageError;
use heddle_types::BlockHash;
use heddle_types::BlockHeader;
use heddle_types::CommitCert;
use heddle_types::Committee;
use heddle_types::Hash32;
use heddle_types::Height;
use heddle_types::StateRoot;
use heddle_types::TxId;

use crate::node::shared::Shared;

/// What a reply about a block is made of.
pub(crate) struct BlockParts<'a> {
    pub(crate) header: &'a BlockHeader,
    pub(crate) hash: BlockHash,
    pub(crate) ids: Vec<TxId>,
    pub(crate) skipped: u64,
    pub(crate) root: StateRoot,
    pub(crate) receipts_root: Hash32,
    pub(crate) cert: &'a CommitCert,
}

/// In the form of the reply; none when a certificate names unknown signers, which cannot be.
///
/// # Errors
/// From reading who decided then.
pub(crate) fn block_reply(
    shared: &Shared,
    parts: BlockParts<'_>,
) -> Result<Option<Block>, StorageError> {
    let committee = shared.committees.of(&shared.storage, parts.header.epoch)?;
    let certificate = certificate(shared, parts.cert)?;
    Ok(committee
        .zip(certificate)
        .and_then(|(committee, certificate)| in_reply(parts, &committee, certificate)))
}

/// A certificate in the form of the reply; none when it names unknown signers, which cannot be.
///
/// # Errors
/// From reading who decided in its epoch.
pub(crate) fn certificate(
    shared: &Shared,
    cert: &CommitCert,
) -> Result<Option<Certificate>, StorageError> {
    let committee = shared.committees.of(&shared.storage, cert.data.epoch)?;
    Ok(committee.and_then(|committee| Certificate::new(cert, &committee)))
}

fn in_reply(
    parts: BlockParts<'_>,
    committee: &Committee,
    certificate: Certificate,
) -> Option<Block> {
    let header = parts.header;
    Some(Block {
        height: header.height,
        hash: parts.hash,
        parent_hash: header.parent,
        epoch: header.epoch,
        view: header.view,
        proposer: committee.validator(header.proposer)?.public_key,
        time_ms: header.time.get(),
        transaction_ids: parts.ids,
        skipped: parts.skipped,
        state_root: Some(parts.root),
        receipts_root: Some(parts.receipts_root),
        certificate,
    })
}

/// Reads the block of an executed height from the store.
pub(crate) fn read(shared: &Shared, height: Height) -> Result<Option<Block>, StorageError> {
    let storage = &shared.storage;
    let Some(record) = storage.final_record(height)? else { return Ok(None) };
    let Some(block) = storage.final_block(height)? else { return Ok(None) };
    let Some(receipts) = storage.receipts(height)? else { return Ok(None) };
    let Some(cert) = storage.certificate(height)? else { return Ok(None) };
    let parts = BlockParts {
        header: &block.header,
        hash: record.hash,
        ids: receipts.iter().map(|receipt| receipt.id).collect(),
        skipped: u64::from(record.skipped),
        root: record.root,
        receipts_root: record.receipts_root,
        cert: &cert,
    };
    block_reply(shared, parts)
}
