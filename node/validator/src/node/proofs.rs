//! What convinces somebody who trusts a committee and no node: final headers, entries of state, ends of epochs.

use heddle_light::limits::DESCENDANTS_MAX;
use heddle_rpc_api::Certificate;
use heddle_rpc_api::EpochEnd;
use heddle_rpc_api::ErrorKind;
use heddle_rpc_api::FinalHeader;
use heddle_rpc_api::GetProof;
use heddle_rpc_api::RpcError;
use heddle_rpc_api::StateProof;
use heddle_storage::StorageError;
use heddle_types::BlockHeader;
use heddle_types::Bytes;
use heddle_types::CommitCert;
use heddle_types::Epoch;
use heddle_types::Height;
use heddle_types::StateKey;
use heddle_types::encode;
use heddle_types::limits;

use crate::node::backend::internal;
use crate::node::blocks;
use crate::node::shared::Shared;

/// A final block's header with what makes it final.
struct Shown {
    header: BlockHeader,
    descendants: Vec<BlockHeader>,
    cert: CommitCert,
}

/// The newest final header whose executed root can still be proved, and the proof for that root.
pub(super) fn read_proof(shared: &Shared, request: &GetProof) -> Result<StateProof, RpcError> {
    let key = StateKey::new(request.program, &[&request.key]);
    let key =
        key.ok_or_else(|| RpcError::new(ErrorKind::Malformed, "key: longer than 59 bytes"))?;
    for height in newest_heights(shared) {
        let Some(Shown { header, descendants, cert }) = read_shown(shared, height)? else {
            continue;
        };
        let (entry, proof) = {
            let state = shared.state.read();
            let Some(proof) = state.prove_at(header.executed.root, &key) else { continue };
            let entry = proof.verify(header.executed.root, &key).map(|entry| entry.cloned());
            (entry.map_err(|error| internal(&error))?, proof)
        };
        return Ok(StateProof {
            value: entry.as_ref().map(|entry| Bytes(entry.value.as_bytes().to_vec())),
            entry: entry.as_ref().map(|entry| Bytes(encode(entry))),
            proof: Bytes(encode(&proof)),
            height: header.executed.height,
            header: Bytes(encode(&header)),
            descendants: encode_all(&descendants),
            certificate: certificate(shared, &cert)?,
        });
    }
    Err(RpcError::new(ErrorKind::Behind, "no final header names a root that can still be proved"))
}

/// The newest final header.
pub(super) fn read_final_header(shared: &Shared) -> Result<FinalHeader, RpcError> {
    for height in newest_heights(shared) {
        if let Some(Shown { header, descendants, cert }) = read_shown(shared, height)? {
            return Ok(FinalHeader {
                header: Bytes(encode(&header)),
                descendants: encode_all(&descendants),
                certificate: certificate(shared, &cert)?,
            });
        }
    }
    Err(RpcError::new(ErrorKind::Behind, "no block is final here but the first"))
}

/// The heights that are looked at, from the newest on.
fn newest_heights(shared: &Shared) -> impl Iterator<Item = Height> + use<> {
    let newest = shared.durable.read().height.get();
    let oldest = newest.saturating_sub(limits::LAG_MAX).max(1);
    (oldest..=newest).rev().map(Height::new)
}

/// A final header with the certificate by which it became final, and the headers between; none when some of them are not here.
fn read_shown(shared: &Shared, height: Height) -> Result<Option<Shown>, RpcError> {
    let found = shared.storage.final_block(height).map_err(|error| internal(&error))?;
    let cert = shared.storage.certificate(height).map_err(|error| internal(&error))?;
    let (Some(block), Some(cert)) = (found, cert) else { return Ok(None) };
    let between = descendants(shared, &block.header, &cert).map_err(|error| internal(&error))?;
    Ok(between.map(|descendants| Shown { header: block.header, descendants, cert }))
}

/// The headers from the child of `header` to the one that the certificate is of.
fn descendants(
    shared: &Shared,
    header: &BlockHeader,
    cert: &CommitCert,
) -> Result<Option<Vec<BlockHeader>>, StorageError> {
    let own = header.hash();
    let mut headers = Vec::new();
    let mut next = cert.data.block;
    while next != own {
        let block =
            if headers.len() < DESCENDANTS_MAX { shared.storage.block(next)? } else { None };
        let Some(block) = block.filter(|block| block.header.height > header.height) else {
            return Ok(None);
        };
        next = block.header.parent;
        headers.push(block.header);
    }
    headers.reverse();
    Ok(Some(headers))
}

fn certificate(shared: &Shared, cert: &CommitCert) -> Result<Certificate, RpcError> {
    let certificate = blocks::certificate(shared, cert).map_err(|error| internal(&error))?;
    certificate.ok_or_else(|| internal(&"a certificate names unknown signers"))
}

fn encode_all(headers: &[BlockHeader]) -> Vec<Bytes> {
    headers.iter().map(|header| Bytes(encode(header))).collect()
}

/// How an epoch ended, if it did here.
pub(super) fn read_epoch_end(shared: &Shared, epoch: Epoch) -> Result<EpochEnd, RpcError> {
    let end = shared.storage.epoch_end(epoch).map_err(|error| internal(&error))?;
    Ok(EpochEnd { proof: end.map(|end| Bytes(encode(&end))) })
}
