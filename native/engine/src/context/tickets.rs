//! What became of requests.

use crate::Error;
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};

/// Finished requests that are still known.
const REMEMBERED: usize = 4096;

/// Numbers are not used again by another context either: a host that mixes contexts up gets an error.
static NEXT: AtomicU64 = AtomicU64::new(1);

/// A request on its way. The render thread counts its blocks down.
#[derive(Debug)]
pub(super) struct Ticket {
    pub(super) number: u64,
    pub(super) volume: u64,
    blocks: u32,
    remaining: AtomicU32,
    /// The last frame in which something of it was recorded.
    frame: AtomicU64,
    closed: AtomicBool,
}

/// What became of a request.
#[derive(Debug, Clone)]
pub enum TicketStatus {
    /// Blocks are missing.
    Waiting {
        /// How many.
        missing: u32,
        /// Of how many.
        blocks: u32,
    },
    /// All blocks are recorded (or, without a texture, all models are on the device).
    Done {
        /// The frame in which the last one was; 0 without a texture.
        frame: u64,
        /// How many there were.
        blocks: u32,
    },
    /// It was cancelled, or its texture or volume is gone.
    Cancelled,
    /// It cannot be done.
    Failed(Arc<Error>),
}

impl Ticket {
    pub(super) fn new(number: u64, volume: u64, blocks: u32) -> Self {
        Self {
            number,
            volume,
            blocks,
            remaining: AtomicU32::new(blocks),
            frame: AtomicU64::new(0),
            closed: AtomicBool::new(false),
        }
    }

    /// A block was recorded in a frame.
    pub(super) fn recorded(&self, frame: u64) {
        self.frame.fetch_max(frame, Ordering::Relaxed);
        self.one_less();
    }

    /// A block is done otherwise.
    pub(super) fn one_less(&self) {
        // Never below 0: every block is counted once.
        self.remaining.fetch_sub(1, Ordering::Release);
    }

    /// Whether nothing of it is to be decoded any more.
    pub(super) fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Relaxed)
    }

    fn is_done(&self) -> bool {
        self.remaining.load(Ordering::Acquire) == 0
    }
}

/// All requests of a context.
#[derive(Debug, Default)]
pub(super) struct Tickets {
    known: HashMap<u64, (Arc<Ticket>, Option<TicketStatus>)>,
    /// In the order in which they were made.
    order: VecDeque<u64>,
}

impl Tickets {
    pub(super) fn create(&mut self, volume: u64, blocks: u32) -> Arc<Ticket> {
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let ticket = Arc::new(Ticket::new(number, volume, blocks));
        self.known.insert(number, (Arc::clone(&ticket), None));
        self.order.push_back(number);
        // Finished ones go, the oldest first; those that wait stay.
        let mut looked_at = 0;
        while self.known.len() > REMEMBERED && looked_at < self.order.len() {
            let Some(number) = self.order.pop_front() else { break };
            match self.known.get(&number) {
                Some((ticket, None)) if !ticket.is_done() => {
                    self.order.push_back(number);
                    looked_at += 1;
                }
                _ => {
                    self.known.remove(&number);
                }
            }
        }
        ticket
    }

    pub(super) fn status(&self, number: u64) -> Option<TicketStatus> {
        let (ticket, outcome) = self.known.get(&number)?;
        if let Some(outcome) = outcome {
            return Some(outcome.clone());
        }
        Some(match ticket.remaining.load(Ordering::Acquire) {
            0 => TicketStatus::Done { frame: ticket.frame.load(Ordering::Relaxed), blocks: ticket.blocks },
            missing => TicketStatus::Waiting { missing, blocks: ticket.blocks },
        })
    }

    /// Ends a request before it is done; `false` if it is finished, or not known.
    pub(super) fn close(&mut self, number: u64, outcome: TicketStatus) -> bool {
        match self.known.get_mut(&number) {
            Some((ticket, end @ None)) if !ticket.is_done() => {
                ticket.closed.store(true, Ordering::Relaxed);
                *end = Some(outcome);
                true
            }
            _ => false,
        }
    }

    pub(super) fn knows(&self, number: u64) -> bool {
        self.known.contains_key(&number)
    }

    /// Those of a volume that are not finished.
    pub(super) fn of_volume(&self, volume: u64) -> Vec<u64> {
        let open = self.known.values().filter(|(ticket, end)| ticket.volume == volume && end.is_none());
        open.map(|(ticket, _)| ticket.number).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_end_once() {
        let mut tickets = Tickets::default();
        let ticket = tickets.create(1, 2);
        ticket.recorded(7);
        assert!(matches!(tickets.status(ticket.number), Some(TicketStatus::Waiting { missing: 1, blocks: 2 })));
        ticket.recorded(6);
        assert!(matches!(tickets.status(ticket.number), Some(TicketStatus::Done { frame: 7, blocks: 2 })));
        assert!(!tickets.close(ticket.number, TicketStatus::Cancelled), "it is done");
        let other = tickets.create(1, 1);
        assert!(tickets.close(other.number, TicketStatus::Cancelled) && other.is_closed());
        assert!(!tickets.close(other.number, TicketStatus::Cancelled));
        assert!(matches!(tickets.status(other.number), Some(TicketStatus::Cancelled)));
        assert!(tickets.status(u64::MAX).is_none());
    }

    #[test]
    fn old_ones_are_forgotten_but_not_those_that_wait() {
        let mut tickets = Tickets::default();
        let first = tickets.create(1, 1);
        let second = tickets.create(1, 1);
        second.recorded(1);
        for _ in 0..2 * REMEMBERED {
            tickets.create(1, 1).recorded(1);
        }
        assert!(tickets.known.len() <= REMEMBERED + 1);
        assert!(matches!(tickets.status(first.number), Some(TicketStatus::Waiting { .. })));
        assert!(!tickets.knows(second.number));
    }
}
