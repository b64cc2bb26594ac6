//! CPU time and memory of processes, from `/proc`. Knows nothing of peers.

use std::fs;
use std::io;

/// `USER_HZ`: the kernel reports times to programs in ticks of 10 ms on every Linux ABI that we build for.
const TICKS_PER_SECOND: f64 = 100.0;

/// User and system time of a process since its start, in seconds.
pub(crate) fn cpu_seconds(pid: u32) -> io::Result<f64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat"))?;
    // The command's name may hold spaces and parentheses; fields are counted from the last parenthesis.
    let fields: Vec<&str> =
        stat.rsplit_once(')').map_or(Vec::new(), |(_, rest)| rest.split_whitespace().collect());
    let tick = |index: usize| fields.get(index).and_then(|field| field.parse::<f64>().ok());
    match (tick(11), tick(12)) {
        (Some(user), Some(system)) => Ok((user + system) / TICKS_PER_SECOND),
        _ => Err(io::Error::other(format!("/proc/{pid}/stat does not read as expected: {stat:?}"))),
    }
}

/// The largest resident set that the process has had, in KiB.
pub(crate) fn peak_rss_kb(pid: u32) -> io::Result<u64> {
    kilobytes(pid, "VmHWM:")
}

/// The resident set of a process now, in KiB.
pub(crate) fn rss_kb(pid: u32) -> io::Result<u64> {
    kilobytes(pid, "VmRSS:")
}

fn kilobytes(pid: u32, field: &str) -> io::Result<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
    status
        .lines()
        .find_map(|line| line.strip_prefix(field))
        .and_then(|value| value.split_whitespace().next()?.parse().ok())
        .ok_or_else(|| io::Error::other(format!("/proc/{pid}/status has no {field}")))
}

/// Time that all processors together were busy since boot, in seconds.
pub(crate) fn machine_busy_seconds() -> io::Result<f64> {
    let stat = fs::read_to_string("/proc/stat")?;
    let ticks: Vec<f64> = stat
        .lines()
        .next()
        .unwrap_or_default()
        .split_whitespace()
        .skip(1)
        .filter_map(|tick| tick.parse().ok())
        .collect();
    // user nice system idle iowait irq softirq steal; the guest times behind them are counted in user already.
    match ticks.as_slice() {
        [user, nice, system, _, _, irq, softirq, steal, ..] => {
            Ok((user + nice + system + irq + softirq + steal) / TICKS_PER_SECOND)
        }
        _ => Err(io::Error::other("/proc/stat does not begin with the processors' sum")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_has_cpu_time_and_memory() {
        let pid = std::process::id();
        assert!(cpu_seconds(pid).unwrap() >= 0.0);
        assert!(peak_rss_kb(pid).unwrap() > 100);
        assert!(machine_busy_seconds().unwrap() >= cpu_seconds(pid).unwrap());
    }

    #[test]
    fn a_process_that_is_not_there_is_an_error() {
        assert!(cpu_seconds(u32::MAX).is_err());
    }
}
