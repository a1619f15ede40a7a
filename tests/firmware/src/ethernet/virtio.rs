//! The network card of virtio 1.0 over memory (OASIS, "Virtual I/O Device", 4.2 and 5.1): a polled device for smoltcp.
//!
//! The device reads and writes the queues and buffers. They are static, and consist of atomics, so that no access to
//! them needs `unsafe`.

use core::array;
use core::ptr::from_ref;
use core::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use core::sync::atomic::{AtomicU16, AtomicU32};

use smoltcp::phy::{self, Device, DeviceCapabilities, Medium};
use smoltcp::time::Instant;

use crate::boards::Register;

/// Bytes of the largest frame, without its checksum.
const FRAME: usize = 1514;
/// Words of the header that precedes each frame: zeros, because no offload is negotiated.
const HEADER: usize = 3;
const WORDS: usize = HEADER + FRAME.div_ceil(4);
/// Buffers of a queue: a power of two.
const COUNT: usize = 4;

/// A card, and room for a frame each way.
#[derive(Debug)]
pub struct Virtio {
    registers: Registers,
    /// Received frames that were taken from the queue, and frames that were sent.
    taken: u16,
    sent: u16,
    received: [u8; FRAME],
    sending: [u8; FRAME],
}

/// There is no such card, or it refuses this driver.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Absent;

/// The buffers that the device reads or writes next, and those that it has finished with.
#[repr(C, align(16))]
struct Queue {
    /// Address, length, and flags of each buffer.
    descriptors: [[AtomicU32; 4]; COUNT],
    /// Flags, the number of entries ever added, and entries: the buffers for the device.
    available: [AtomicU16; 2 + COUNT],
    /// The number of entries ever added (the upper half of the first word), and entries: buffer and length.
    used: [AtomicU32; 1 + 2 * COUNT],
    buffers: [[AtomicU32; WORDS]; COUNT],
}

impl Queue {
    const fn new() -> Self {
        Self {
            descriptors: [const { [const { AtomicU32::new(0) }; 4] }; COUNT],
            available: [const { AtomicU16::new(0) }; 2 + COUNT],
            used: [const { AtomicU32::new(0) }; 1 + 2 * COUNT],
            buffers: [const { [const { AtomicU32::new(0) }; WORDS] }; COUNT],
        }
    }

    /// Describes a buffer to the device.
    fn describe(&'static self, at: usize, bytes: usize, flags: u32) {
        let values = [address(&self.buffers[at]), 0, bytes as u32, flags];
        for (word, value) in self.descriptors[at].iter().zip(values) {
            word.store(value, Relaxed);
        }
    }

    /// Gives a buffer to the device, as the entry number `count`.
    fn give(&self, at: usize, count: u16) {
        self.available[2 + usize::from(count) % COUNT].store(at as u16, Relaxed);
        self.available[1].store(count.wrapping_add(1), Release);
    }

    /// Entries ever returned by the device.
    fn returned(&self) -> u16 {
        (self.used[0].load(Acquire) >> 16) as u16
    }
}

static RECEIVE: Queue = Queue::new();
static SEND: Queue = Queue::new();
/// A flag of a buffer: the device writes it.
const WRITABLE: u32 = 2;

fn address<T>(of: &'static T) -> u32 {
    from_ref(of).expose_provenance() as u32
}

/// The registers of the card in one of the 8 places where the board may have one.
#[derive(Clone, Copy, Debug)]
struct Registers(usize);

impl Registers {
    #[allow(
        unsafe_code,
        reason = "addresses of registers, from QEMU's hw/riscv/virt.c and virtio 1.0"
    )]
    fn at(self, offset: usize) -> Register {
        // SAFETY: the board has registers in all 8 places. Those that start the device are written by `start`
        // alone, when its queues are described.
        unsafe { Register::at(self.0 + offset) }
    }

    fn find() -> Option<Self> {
        let places = (1..9).map(|at| Self(0x1000_0000 + at * 0x1000));
        // Magic number, version, and kind of device.
        let mut cards = places.filter(|place| {
            [0x00, 0x04, 0x08].map(|offset| place.at(offset).read()) == [0x7472_6976, 2, 1]
        });
        cards.next()
    }

    fn set_queue(self, index: u32, queue: &'static Queue) {
        self.at(0x30).write(index);
        self.at(0x38).write(COUNT as u32);
        let addresses =
            [address(&queue.descriptors), address(&queue.available), address(&queue.used)];
        for (offset, address) in [0x80, 0x90, 0xA0].into_iter().zip(addresses) {
            self.at(offset).write(address);
            self.at(offset + 4).write(0);
        }
        self.at(0x44).write(1);
    }

    /// Notifies the device of new entries.
    fn notify(self, index: u32) {
        self.at(0x50).write(index);
    }
}

impl Virtio {
    /// Resets the card and turns it on. It receives frames to every address, also to this one.
    pub fn start(_address: [u8; 6]) -> Result<Self, Absent> {
        const STATUS: usize = 0x70;
        let registers = Registers::find().ok_or(Absent)?;
        registers.at(STATUS).write(0);
        // Acknowledged, with a driver.
        registers.at(STATUS).write(1 | 2);
        // No feature but version 1, which is bit 32.
        for (half, features) in [(0, 0), (1, 1)] {
            registers.at(0x24).write(half);
            registers.at(0x20).write(features);
        }
        registers.at(STATUS).write(1 | 2 | 8);
        if registers.at(STATUS).read() & 8 == 0 {
            return Err(Absent);
        }
        for at in 0..COUNT {
            RECEIVE.describe(at, 4 * WORDS, WRITABLE);
            RECEIVE.give(at, at as u16);
        }
        registers.set_queue(0, &RECEIVE);
        registers.set_queue(1, &SEND);
        registers.at(STATUS).write(1 | 2 | 4 | 8);
        registers.notify(0);
        Ok(Self { registers, taken: 0, sent: 0, received: [0; FRAME], sending: [0; FRAME] })
    }

    /// Copies the next frame. Returns its length in bytes.
    fn fetch(&mut self) -> Option<usize> {
        if RECEIVE.returned() == self.taken {
            return None;
        }
        let at = usize::from(self.taken) % COUNT;
        let [buffer, len] = array::from_fn(|word| RECEIVE.used[1 + 2 * at + word].load(Relaxed));
        let words = RECEIVE.buffers.get(buffer as usize)?;
        for (bytes, word) in self.received.chunks_mut(4).zip(&words[HEADER..]) {
            bytes.copy_from_slice(&word.load(Relaxed).to_le_bytes()[..bytes.len()]);
        }
        RECEIVE.give(buffer as usize, self.taken.wrapping_add(COUNT as u16));
        self.taken = self.taken.wrapping_add(1);
        self.registers.notify(0);
        Some((len as usize).saturating_sub(4 * HEADER).min(FRAME))
    }

    /// Sends the first bytes of the buffer as a frame, and waits until the device has taken it.
    fn send(&mut self, len: usize) {
        for (bytes, word) in self.sending.chunks(4).zip(&SEND.buffers[0][HEADER..]) {
            let mut value = [0; 4];
            value[..bytes.len()].copy_from_slice(bytes);
            word.store(u32::from_le_bytes(value), Relaxed);
        }
        SEND.describe(0, 4 * HEADER + len, 0);
        SEND.give(0, self.sent);
        self.sent = self.sent.wrapping_add(1);
        self.registers.notify(1);
        while SEND.returned() != self.sent {}
    }
}

/// A received frame.
#[derive(Debug)]
pub struct RxToken([u8; FRAME], usize);

/// Room for a frame to send.
#[derive(Debug)]
pub struct TxToken<'a>(&'a mut Virtio);

impl phy::RxToken for RxToken {
    fn consume<R, F: FnOnce(&[u8]) -> R>(self, f: F) -> R {
        f(&self.0[..self.1])
    }
}

impl phy::TxToken for TxToken<'_> {
    fn consume<R, F: FnOnce(&mut [u8]) -> R>(self, len: usize, f: F) -> R {
        let len = len.min(FRAME);
        let result = f(&mut self.0.sending[..len]);
        self.0.send(len);
        result
    }
}

impl Device for Virtio {
    type RxToken<'a> = RxToken;
    type TxToken<'a> = TxToken<'a>;

    fn receive(&mut self, _: Instant) -> Option<(RxToken, TxToken<'_>)> {
        let len = self.fetch()?;
        Some((RxToken(self.received, len), TxToken(self)))
    }

    fn transmit(&mut self, _: Instant) -> Option<TxToken<'_>> {
        Some(TxToken(self))
    }

    fn capabilities(&self) -> DeviceCapabilities {
        let mut capabilities = DeviceCapabilities::default();
        capabilities.medium = Medium::Ethernet;
        capabilities.max_transmission_unit = FRAME;
        capabilities
    }
}
