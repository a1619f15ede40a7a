//! TCP, UDP and IPC.

use std::time::Duration;

use libc::c_int;
use zmtp_mio::{AddressRange, Device, Keepalive, Options, ProcessFilter};

use super::value::text;
use super::{Settings, Value, int, some};
use crate::errno::{Errno, Outcome};

const AFFINITY: c_int = 4;
const RATE: c_int = 8;
const RECOVERY_IVL: c_int = 9;
const SNDBUF: c_int = 11;
const RCVBUF: c_int = 12;
const BACKLOG: c_int = 19;
const MULTICAST_HOPS: c_int = 25;
const IPV4ONLY: c_int = 31;
const TCP_KEEPALIVE: c_int = 34;
const TCP_KEEPALIVE_CNT: c_int = 35;
const TCP_KEEPALIVE_IDLE: c_int = 36;
const TCP_KEEPALIVE_INTVL: c_int = 37;
const TCP_ACCEPT_FILTER: c_int = 38;
const IPV6: c_int = 42;
const TOS: c_int = 57;
const IPC_FILTER_PID: c_int = 58;
const IPC_FILTER_UID: c_int = 59;
const IPC_FILTER_GID: c_int = 60;
const CONNECT_TIMEOUT: c_int = 79;
const TCP_MAXRT: c_int = 80;
const MULTICAST_MAXTPDU: c_int = 84;
const USE_FD: c_int = 89;
const BINDTODEVICE: c_int = 92;
const LOOPBACK_FASTPATH: c_int = 94;
const MULTICAST_LOOP: c_int = 96;
const IN_BATCH_SIZE: c_int = 101;
const OUT_BATCH_SIZE: c_int = 102;
const PRIORITY: c_int = 112;
const BUSY_POLL: c_int = 113;

/// Numbers as the program has set them.
#[derive(Debug)]
pub(super) struct Numbers {
    affinity: i64,
    rate: c_int,
    recovery: c_int,
    send_buffer: c_int,
    receive_buffer: c_int,
    backlog: c_int,
    hops: c_int,
    /// On, off, or as the system has it: −1.
    keepalive: c_int,
    /// The probes, the seconds before the first, and the seconds between them.
    keepalive_numbers: [c_int; 3],
    tos: c_int,
    connect_timeout: c_int,
    max_retransmit: c_int,
    max_tpdu: c_int,
    device: String,
    fast_loopback: c_int,
    multicast_loop: c_int,
    batches: [c_int; 2],
    priority: c_int,
    busy_poll: c_int,
}

impl Default for Numbers {
    fn default() -> Self {
        Self {
            affinity: 0,
            rate: 100,
            recovery: 10_000,
            send_buffer: -1,
            receive_buffer: -1,
            backlog: 100,
            hops: 1,
            keepalive: -1,
            keepalive_numbers: [-1; 3],
            tos: 0,
            connect_timeout: 0,
            max_retransmit: 0,
            max_tpdu: 1_500,
            device: String::new(),
            fast_loopback: 0,
            multicast_loop: 1,
            batches: [8_192; 2],
            priority: 0,
            busy_poll: 0,
        }
    }
}

impl Numbers {
    fn keepalive(&self) -> Option<Keepalive> {
        let seconds = |seconds: c_int| u64::try_from(seconds).ok().map(Duration::from_secs);
        let [count, idle, interval] = self.keepalive_numbers;
        (self.keepalive == 1).then(|| {
            Keepalive::default()
                .count(u32::try_from(count).ok())
                .idle(seconds(idle))
                .interval(seconds(interval))
        })
    }

    /// Sets the options of the Rust socket.
    pub(super) fn apply(&self, options: &mut Options) {
        let (tcp, udp) = (&mut options.tcp, &mut options.udp);
        udp.multicast_hops = u8::try_from(self.hops).unwrap_or(u8::MAX);
        udp.multicast_loop = self.multicast_loop != 0;
        udp.device = Device::new(&self.device);
        tcp.backlog = u16::try_from(self.backlog).unwrap_or(u16::MAX);
        tcp.send_buffer = usize::try_from(self.send_buffer).ok();
        tcp.receive_buffer = usize::try_from(self.receive_buffer).ok();
        tcp.keepalive = self.keepalive();
        tcp.tos = u8::try_from(self.tos).ok().filter(|&tos| tos > 0);
        tcp.device = udp.device;
        tcp.connect_timeout = some(self.connect_timeout);
        tcp.max_retransmit = some(self.max_retransmit);
        tcp.priority = u32::try_from(self.priority).ok().filter(|&priority| priority > 0);
        let micros = u64::try_from(self.busy_poll).ok().filter(|&micros| micros > 0);
        tcp.busy_poll = micros.map(Duration::from_micros);
    }
}

pub(super) fn set(settings: &mut Settings, option: c_int, value: Value<'_>) -> Option<Outcome<()>> {
    let numbers = &mut settings.transport;
    let done = match option {
        AFFINITY => value.long().map(|bits| numbers.affinity = bits),
        RATE => value.int_from(1).map(|rate| numbers.rate = rate),
        RECOVERY_IVL => value.int_from(0).map(|millis| numbers.recovery = millis),
        SNDBUF => value.int_from(-1).map(|bytes| numbers.send_buffer = bytes),
        RCVBUF => value.int_from(-1).map(|bytes| numbers.receive_buffer = bytes),
        BACKLOG => value.int_from(0).map(|connections| numbers.backlog = connections),
        MULTICAST_HOPS => value.int_from(1).map(|hops| numbers.hops = hops),
        IPV4ONLY => value.flag().map(|on| set_ipv6(settings, !on)),
        IPV6 => value.flag().map(|on| set_ipv6(settings, on)),
        TCP_KEEPALIVE => value.int_from(-1).and_then(|value| match value {
            -1..=1 => {
                numbers.keepalive = value;
                Ok(())
            }
            _ => Err(Errno::EINVAL),
        }),
        TCP_KEEPALIVE_CNT | TCP_KEEPALIVE_IDLE | TCP_KEEPALIVE_INTVL => {
            let index = usize::try_from(option - TCP_KEEPALIVE_CNT).unwrap_or(0);
            value.int_from(-1).map(|value| numbers.keepalive_numbers[index] = value)
        }
        TCP_ACCEPT_FILTER => accept(settings, value),
        TOS => value.int_from(0).map(|tos| numbers.tos = tos),
        IPC_FILTER_PID | IPC_FILTER_UID | IPC_FILTER_GID => filter(settings, option, value),
        CONNECT_TIMEOUT => value.int_from(0).map(|millis| numbers.connect_timeout = millis),
        TCP_MAXRT => value.int_from(0).map(|millis| numbers.max_retransmit = millis),
        MULTICAST_MAXTPDU => value.int_from(1).map(|bytes| numbers.max_tpdu = bytes),
        USE_FD => value.int_from(-1).map(|fd| settings.use_fd = fd),
        BINDTODEVICE => value.text(15).map(|name| numbers.device = name),
        LOOPBACK_FASTPATH => value.relaxed().map(|on| numbers.fast_loopback = on.into()),
        MULTICAST_LOOP => value.relaxed().map(|on| numbers.multicast_loop = on.into()),
        IN_BATCH_SIZE => value.int_from(1).map(|bytes| numbers.batches[0] = bytes),
        OUT_BATCH_SIZE => value.int_from(1).map(|bytes| numbers.batches[1] = bytes),
        PRIORITY => value.int_from(0).map(|priority| numbers.priority = priority),
        BUSY_POLL => value.int().map(|time| numbers.busy_poll = time),
        _ => return None,
    };
    settings.transport.apply(&mut settings.options);
    Some(done)
}

pub(super) fn get(settings: &Settings, option: c_int) -> Option<Vec<u8>> {
    let (numbers, tcp) = (&settings.transport, &settings.options.tcp);
    Some(match option {
        AFFINITY => numbers.affinity.to_ne_bytes().to_vec(),
        RATE => int(numbers.rate),
        RECOVERY_IVL => int(numbers.recovery),
        SNDBUF => int(numbers.send_buffer),
        RCVBUF => int(numbers.receive_buffer),
        BACKLOG => int(numbers.backlog),
        MULTICAST_HOPS => int(numbers.hops),
        IPV4ONLY => int(!tcp.ipv6),
        IPV6 => int(tcp.ipv6),
        TCP_KEEPALIVE => int(numbers.keepalive),
        TCP_KEEPALIVE_CNT | TCP_KEEPALIVE_IDLE | TCP_KEEPALIVE_INTVL => {
            let index = usize::try_from(option - TCP_KEEPALIVE_CNT).unwrap_or(0);
            int(numbers.keepalive_numbers[index])
        }
        TOS => int(numbers.tos),
        CONNECT_TIMEOUT => int(numbers.connect_timeout),
        TCP_MAXRT => int(numbers.max_retransmit),
        MULTICAST_MAXTPDU => int(numbers.max_tpdu),
        USE_FD => int(settings.use_fd),
        BINDTODEVICE => text(numbers.device.as_str()),
        LOOPBACK_FASTPATH => int(numbers.fast_loopback),
        MULTICAST_LOOP => int(numbers.multicast_loop),
        IN_BATCH_SIZE => int(numbers.batches[0]),
        OUT_BATCH_SIZE => int(numbers.batches[1]),
        PRIORITY => int(numbers.priority),
        BUSY_POLL => int(numbers.busy_poll),
        _ => return None,
    })
}

const fn set_ipv6(settings: &mut Settings, on: bool) {
    (settings.options.tcp.ipv6, settings.options.udp.ipv6) = (on, on);
}

/// Adds a range of addresses; a null pointer removes all.
fn accept(settings: &mut Settings, value: Value<'_>) -> Outcome<()> {
    let addresses = &mut settings.options.accept_filter.addresses;
    if value.is_null() {
        addresses.clear();
        return Ok(());
    }
    let range: AddressRange = value.text(255)?.parse().map_err(|_| Errno::EINVAL)?;
    addresses.push(range);
    Ok(())
}

/// Adds a process, user or group; a null pointer removes those of this sort.
fn filter(settings: &mut Settings, option: c_int, value: Value<'_>) -> Outcome<()> {
    let processes = &mut settings.options.accept_filter.processes;
    if value.is_null() {
        processes.retain(|filter| match filter {
            ProcessFilter::Process(_) => option != IPC_FILTER_PID,
            ProcessFilter::User(_) => option != IPC_FILTER_UID,
            ProcessFilter::Group(_) => option != IPC_FILTER_GID,
            _ => true,
        });
        return Ok(());
    }
    let id = u32::from_ne_bytes(value.int()?.to_ne_bytes());
    processes.push(match option {
        IPC_FILTER_PID => ProcessFilter::Process(id),
        IPC_FILTER_UID => ProcessFilter::User(id),
        _ => ProcessFilter::Group(id),
    });
    Ok(())
}
