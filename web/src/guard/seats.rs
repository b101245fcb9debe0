//! How many things of one kind an address has going on at once.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use super::network;

/// Places taken, by network.
#[derive(Clone, Debug, Default)]
pub(crate) struct Seats(Arc<Mutex<HashMap<IpAddr, usize>>>);

/// One place; given back when it is dropped.
#[derive(Debug)]
pub(crate) struct Seat {
    seats: Seats,
    network: IpAddr,
}

impl Seats {
    /// A place, unless the network has `own_max` of them or all have `all_max`.
    pub(crate) fn take(&self, address: IpAddr, own_max: usize, all_max: usize) -> Option<Seat> {
        let network = network(address);
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let total: usize = counts.values().sum();
        if counts.get(&network).copied().unwrap_or_default() >= own_max || total >= all_max {
            return None;
        }
        *counts.entry(network).or_default() += 1;
        Some(Seat { seats: self.clone(), network })
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut counts = self.seats.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(own) = counts.get_mut(&self.network) {
            *own -= 1;
            if *own == 0 {
                counts.remove(&self.network);
            }
        }
    }
}
