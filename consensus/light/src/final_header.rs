//! A header, and why it is final.

use heddle_types::BlockHeader;
use heddle_types::CommitCert;
use heddle_types::Committee;
use heddle_types::View;
use heddle_types::VoteScheme;

use crate::LightError;

/// Bounds.
pub mod limits {
    /// Headers between one and the certified descendant that made it final. A block without a certificate of its own becomes
    /// final with the next that has one.
    pub const DESCENDANTS_MAX: usize = 64;
}

/// A header with what makes it final: a commit certificate of its block or of a descendant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FinalHeader {
    /// The header.
    pub header: BlockHeader,
    /// Its descendants up to the one that was certified, oldest first; none when it has a certificate of its own.
    pub descendants: Vec<BlockHeader>,
    /// The certificate of the last.
    pub certificate: CommitCert,
}

impl FinalHeader {
    /// Whether `committee` made it final.
    ///
    /// # Errors
    /// Whatever is wrong with it.
    pub fn verify(&self, committee: &Committee, scheme: &dyn VoteScheme) -> Result<(), LightError> {
        if self.descendants.len() > limits::DESCENDANTS_MAX {
            return Err(LightError::TooMany { found: self.descendants.len() });
        }
        let mut last = &self.header;
        check_place(last, committee)?;
        for (position, header) in self.descendants.iter().enumerate() {
            check_place(header, committee)?;
            if header.parent != last.hash() || header.height.prev() != Some(last.height) {
                return Err(LightError::NotLinked { position });
            }
            last = header;
        }
        let data = last.vote_data();
        // What begins an epoch is final without signatures, and is nothing that a committee vouches for.
        let is_signed = data.view > View::ZERO && self.certificate.data == data;
        if is_signed && self.certificate.verify(committee, &data, scheme) {
            Ok(())
        } else {
            Err(LightError::Certificate)
        }
    }
}

fn check_place(header: &BlockHeader, committee: &Committee) -> Result<(), LightError> {
    if header.chain != committee.chain() {
        return Err(LightError::OtherChain);
    }
    let (found, expected) = (header.epoch, committee.epoch());
    if found == expected { Ok(()) } else { Err(LightError::OtherEpoch { found, expected }) }
}
