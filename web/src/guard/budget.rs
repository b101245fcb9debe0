//! Token buckets: how often an address, an account or a public query may come.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Most keys remembered; beyond it the full buckets, which say nothing, are forgotten.
const KEYS_MAX: usize = 65_536;

/// A budget for each address: so many a second, with a burst. Time is an argument.
#[derive(Debug)]
pub struct Budget {
    per_second: f64,
    burst: f64,
    buckets: Mutex<HashMap<IpAddr, Bucket>>,
}

#[derive(Clone, Copy, Debug)]
struct Bucket {
    tokens: f64,
    at: Duration,
}

impl Budget {
    /// So many requests a second, and so many at once.
    pub fn new(per_second: u32, burst: u32) -> Budget {
        Budget::over(per_second, Duration::from_secs(1), burst)
    }

    /// So many requests in that time (30 a minute for public look-ups), and so many at once.
    pub fn over(count: u32, time: Duration, burst: u32) -> Budget {
        let per_second = f64::from(count) / time.as_secs_f64().max(1e-3);
        Budget { per_second, burst: f64::from(burst), buckets: Mutex::default() }
    }

    /// Takes one; or says after how many seconds there is one again.
    pub fn spend(&self, address: IpAddr, now: Duration) -> Result<(), u32> {
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        if buckets.len() >= KEYS_MAX {
            buckets.retain(|_, bucket| self.filled(bucket, now) < self.burst);
        }
        if buckets.len() >= KEYS_MAX {
            // So many different addresses are empty at once only under attack: forget them all rather than grow.
            buckets.clear();
        }
        let bucket = buckets.entry(address).or_insert(Bucket { tokens: self.burst, at: now });
        let tokens = self.filled(bucket, now);
        *bucket = Bucket { tokens, at: now };
        if tokens >= 1.0 {
            bucket.tokens -= 1.0;
            return Ok(());
        }
        let wait = ((1.0 - tokens) / self.per_second).ceil();
        Err(if wait < 1.0 { 1 } else { wait as u32 })
    }

    /// Gives one back: what was tried succeeded, and only failures count.
    pub fn refund(&self, address: IpAddr) {
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(bucket) = buckets.get_mut(&address) {
            bucket.tokens = (bucket.tokens + 1.0).min(self.burst);
        }
    }

    fn filled(&self, bucket: &Bucket, now: Duration) -> f64 {
        let passed = now.saturating_sub(bucket.at).as_secs_f64();
        (bucket.tokens + passed * self.per_second).min(self.burst)
    }
}

/// The network an address counts for: an IPv6 line gets a whole /64 and could change its address for every request.
pub fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from(u128::from(v6) >> 64 << 64)),
        v4 => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(last: u8) -> IpAddr {
        IpAddr::from([10, 0, 0, last])
    }

    #[test]
    fn gives_a_burst_then_a_rate_for_each_address() {
        let budget = Budget::new(2, 4);
        let at = Duration::from_millis;
        for _ in 0..4 {
            assert_eq!(budget.spend(address(1), at(0)), Ok(()));
        }
        assert_eq!(budget.spend(address(1), at(0)), Err(1));
        assert_eq!(budget.spend(address(2), at(0)), Ok(()), "another address has its own");
        assert_eq!(budget.spend(address(1), at(500)), Ok(()));
        assert_eq!(budget.spend(address(1), at(500)), Err(1));
    }

    #[test]
    fn says_how_long_to_wait() {
        let budget = Budget::over(30, Duration::from_secs(60), 1);
        assert_eq!(budget.spend(address(1), Duration::ZERO), Ok(()));
        assert_eq!(budget.spend(address(1), Duration::ZERO), Err(2));
    }

    #[test]
    fn what_succeeds_costs_nothing() {
        let budget = Budget::over(30, Duration::from_secs(60), 2);
        for _ in 0..10 {
            assert_eq!(budget.spend(address(1), Duration::ZERO), Ok(()));
            budget.refund(address(1));
        }
        for expected in [Ok(()), Ok(()), Err(2)] {
            assert_eq!(budget.spend(address(1), Duration::ZERO), expected, "failures do");
        }
    }

    #[test]
    fn a_line_of_ipv6_is_one_address() {
        let (one, two): (IpAddr, IpAddr) = ("2001:db8::1".parse().expect("v6"), "2001:db8::2".parse().expect("v6"));
        assert_eq!(network(one), network(two));
        assert_eq!(network("::ffff:10.0.0.1".parse().expect("mapped")), address(1));
    }
}
