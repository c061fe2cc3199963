//! What a call is told.

use std::ops::Deref;
use std::ops::DerefMut;

use heddle_types::Address;
use heddle_types::ChainId;
use heddle_types::Height;
use heddle_types::UnixMillis;

use crate::workspace::Workspace;

/// The block that is executed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BlockInfo {
    /// The chain.
    pub chain: ChainId,
    /// The block's height.
    pub height: Height,
    /// The block's time, the only time that a program knows.
    pub time: UnixMillis,
}

/// The call that is executed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CallInfo {
    /// The block.
    pub block: BlockInfo,
    /// Who signed: the transaction's sender.
    pub signer: Address,
    /// Who pays fees and deposits.
    pub payer: Address,
    /// The call's position in its transaction.
    pub call: u8,
}

/// A call's context: who and when, and through [`Deref`] the [`Workspace`] with all that it may touch.
///
/// Library functions that serve calls and phases alike take `&mut Workspace`. What an operation is given is taken from the
/// context beforehand: `let signer = *ctx.signer(); ctx.read(&balance_of(&signer))`.
#[derive(Debug)]
pub struct CallContext<'a, 'b> {
    info: CallInfo,
    work: &'a mut Workspace<'b>,
}

impl<'a, 'b> CallContext<'a, 'b> {
    /// For one call. Made by executors.
    pub const fn new(info: CallInfo, work: &'a mut Workspace<'b>) -> Self {
        Self { info, work }
    }

    /// Who signed.
    pub const fn signer(&self) -> &Address {
        &self.info.signer
    }

    /// Who pays fees and deposits.
    pub const fn payer(&self) -> &Address {
        &self.info.payer
    }

    /// The call's position in its transaction.
    pub const fn call(&self) -> u8 {
        self.info.call
    }

    /// The block.
    pub const fn block(&self) -> &BlockInfo {
        &self.info.block
    }
}

impl<'b> Deref for CallContext<'_, 'b> {
    type Target = Workspace<'b>;

    fn deref(&self) -> &Workspace<'b> {
        self.work
    }
}

impl<'b> DerefMut for CallContext<'_, 'b> {
    fn deref_mut(&mut self) -> &mut Workspace<'b> {
        self.work
    }
}
