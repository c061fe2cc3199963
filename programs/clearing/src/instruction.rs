//! What accounts want of a market, as it is appended to the market's inbox.

use std::io;

use borsh::BorshDeserialize;
use borsh::BorshSerialize;

use heddle_num::Lots;
use heddle_num::SignedLots;
use heddle_num::Ticks;
use heddle_types::Canonical;
use heddle_types::ProgramId;
use heddle_types::StateKey;
use heddle_types::UnixMillis;

use crate::ids::AccountId;
use crate::ids::MarketId;
use crate::ids::OrderId;
use crate::ids::Side;
use crate::limits::INSTRUCTIONS_MAX;

/// Something for a market to do. Whoever appends it has reserved what it may cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub enum Instruction {
    /// A new order.
    Place(Place),
    /// An order away: a resting one, or one that was placed earlier in this block and then never takes part.
    Cancel(OrderId),
    /// An order smaller by so many lots. It keeps its place; one with nothing left is gone, without a [`crate::Closed`].
    Reduce(OrderId, Lots),
    /// All the account's orders away once the block's time is this or later; none takes an earlier wish back.
    CancelAfter(AccountId, Option<UnixMillis>),
    /// The account's position changed outside of matching, by so many lots.
    MovePosition(AccountId, SignedLots),
}

/// A new order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshDeserialize)]
pub struct Place {
    /// Its name.
    pub id: OrderId,
    /// What it wants.
    pub side: Side,
    /// The worst price that it takes. Not zero.
    pub price: Ticks,
    /// How much. Not zero.
    pub lots: Lots,
    /// How long.
    pub time_in_force: TimeInForce,
    /// Whether it may only make a position smaller.
    pub reduce_only: bool,
    /// What becomes of it and of an own order that it meets.
    pub self_trade: SelfTrade,
    /// When it becomes active, if not at once.
    pub trigger: Option<Trigger>,
    /// An iceberg: how much of it others see at a time. Not zero, less than `lots`.
    pub display: Option<Lots>,
    /// Whether clearing placed it to liquidate the account.
    pub is_liquidation: bool,
}

/// Bytes of an order with everything.
const PLACE_BYTES_MAX: usize = 48;

impl BorshSerialize for Place {
    /// The fields in order, put together in place and written at once: an order is written several times a block.
    fn serialize<W: io::Write>(&self, writer: &mut W) -> io::Result<()> {
        let mut bytes = [0; PLACE_BYTES_MAX];
        let mut rest = bytes.as_mut_slice();
        self.id.serialize(&mut rest)?;
        self.side.serialize(&mut rest)?;
        self.price.serialize(&mut rest)?;
        self.lots.serialize(&mut rest)?;
        self.time_in_force.serialize(&mut rest)?;
        self.reduce_only.serialize(&mut rest)?;
        self.self_trade.serialize(&mut rest)?;
        self.trigger.serialize(&mut rest)?;
        self.display.serialize(&mut rest)?;
        self.is_liquidation.serialize(&mut rest)?;
        let left = rest.len();
        writer.write_all(&bytes[..PLACE_BYTES_MAX.saturating_sub(left)])
    }
}

/// How long an order stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub enum TimeInForce {
    /// Until it is cancelled.
    GoodTillCancelled,
    /// Until the first block of this time or later, in which it no longer trades.
    GoodTillTime(UnixMillis),
    /// What cannot trade at once is cancelled.
    ImmediateOrCancel,
    /// All of it trades at once, or nothing.
    FillOrKill,
    /// Until it is cancelled, and it never takes: one that would trade at once is cancelled.
    PostOnly,
}

/// What happens where two orders of one account meet. Neither trades with the other in any case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
#[borsh(use_discriminant = true)]
#[repr(u8)]
pub enum SelfTrade {
    /// The rest of the incoming order is cancelled.
    Abort = 0,
    /// The resting order is cancelled, and the incoming one goes on.
    CancelProvide = 1,
    /// Both get smaller by the lots that would have traded.
    DecrementTake = 2,
}

/// What makes a waiting order active: the mark price, frozen for the block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Trigger {
    /// On which side of `price`.
    pub when: TriggerWhen,
    /// The mark price that it waits for.
    pub price: Ticks,
}

/// The side of the trigger's price. A stop to buy and a take-profit to sell wait for `AtOrAbove`, the others for `AtOrBelow`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
#[borsh(use_discriminant = true)]
#[repr(u8)]
pub enum TriggerWhen {
    /// The mark price is this or higher.
    AtOrAbove = 0,
    /// The mark price is this or lower.
    AtOrBelow = 1,
}

/// One entry of a market's inbox.
#[derive(Clone, Debug, Default, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Instructions(pub Vec<Instruction>);

impl Canonical for Instructions {
    const NAME: &'static str = "instructions";
    // The longest instruction has 56 bytes.
    const BYTES_MAX: usize = 4 + INSTRUCTIONS_MAX * 56;
}

/// Where a market's instructions are appended.
///
/// # Panics
/// Never: 3 bytes fit a key.
pub fn market_inbox(market: MarketId) -> StateKey {
    StateKey::new(ProgramId::EXCHANGE, &[b"i", &market.get().to_be_bytes()]).expect("3 bytes fit")
}
