//! What a connection is doing, as those see it who set deadlines and who look for room.
//!
//! Everything here is read by others at leisure and written on the way of each request, so it is atomics and no locks; only answers
//! of HTTP/2, of which a connection sends several at once, are in a map.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use futures_util::task::AtomicWaker;

/// Answers below this many bytes are not counted as unsent: they are in the socket's buffer at once.
pub(super) const LARGE: u32 = 64 << 10;

/// What a connection waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum ConnectionPhase {
    /// Its end has been said; the client may still be sending.
    Closing,
    /// TLS is being agreed on.
    Handshake,
    /// The client has sent nothing since the last answer.
    Idle,
    /// A request has begun to arrive.
    Head,
    /// A request is being answered.
    Answering,
}

/// What a connection is told from outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CloseOrder {
    /// End once what is under way is answered.
    Finish,
    /// End now.
    Cut,
}

const NO_ORDER: u8 = 0;
const FINISH: u8 = 1;
const CUT: u8 = 2;

/// What all connections share: when time began, and the bytes of large answers that are not sent yet.
#[derive(Debug)]
pub(super) struct Totals {
    start: Instant,
    /// The time of the last sweep: good enough for deadlines, and costs nothing.
    swept: AtomicU64,
    unsent: AtomicU64,
    /// What may be unsent at once.
    max_unsent: u64,
    pub(super) handshakes: AtomicUsize,
}

impl Totals {
    pub(super) fn new(max_unsent: u64) -> Self {
        let (start, swept) = (Instant::now(), AtomicU64::new(1));
        Self { start, swept, unsent: AtomicU64::new(0), max_unsent, handshakes: AtomicUsize::new(0) }
    }

    /// More is unsent than may be.
    pub(super) fn is_over(&self) -> bool {
        self.unsent.load(Ordering::Relaxed) > self.max_unsent
    }

    /// Twice as much is.
    pub(super) fn is_choked(&self) -> bool {
        self.unsent.load(Ordering::Relaxed) / 2 > self.max_unsent
    }

    /// Milliseconds since the start, and never 0, which means "not at all" below.
    pub(super) fn now(&self) -> u64 {
        self.at(Instant::now())
    }

    /// The same, for a time that was read already.
    fn at(&self, time: Instant) -> u64 {
        let since_start = time.saturating_duration_since(self.start);
        u64::try_from(since_start.as_millis()).unwrap_or(u64::MAX).saturating_add(1)
    }

    /// Tells the time of a sweep to all.
    pub(super) fn sweep(&self) -> u64 {
        let now = self.now();
        self.swept.store(now, Ordering::Relaxed);
        now
    }
}

#[derive(Debug)]
pub(super) struct Activity {
    totals: Arc<Totals>,
    requests: AtomicUsize,
    unsent: AtomicU64,
    is_closing: AtomicBool,
    is_handshaking: AtomicBool,
    has_begun: AtomicBool,
    is_http2: AtomicBool,
    /// When the phase began that it is in.
    since: AtomicU64,
    /// Since when the client takes nothing of what is written; 0: it does.
    blocked: AtomicU64,
    order: AtomicU8,
    /// The order that was followed already.
    followed: AtomicU8,
    task: AtomicWaker,
    /// HTTP/2: answers being sent, and when something of each was last taken. Flow control holds back one answer alone, which
    /// `blocked` does not see.
    answers: Mutex<HashMap<u64, u64>>,
    next_answer: AtomicU64,
}

impl Activity {
    pub(super) fn new(totals: Arc<Totals>) -> Self {
        let since = AtomicU64::new(totals.now());
        Self {
            totals,
            requests: AtomicUsize::new(0),
            unsent: AtomicU64::new(0),
            is_closing: AtomicBool::new(false),
            is_handshaking: AtomicBool::new(false),
            has_begun: AtomicBool::new(false),
            is_http2: AtomicBool::new(false),
            since,
            blocked: AtomicU64::new(0),
            order: AtomicU8::new(NO_ORDER),
            followed: AtomicU8::new(NO_ORDER),
            task: AtomicWaker::new(),
            answers: Mutex::default(),
            next_answer: AtomicU64::new(0),
        }
    }

    pub(super) fn phase(&self) -> ConnectionPhase {
        if self.is_closing.load(Ordering::Relaxed) {
            ConnectionPhase::Closing
        } else if self.is_handshaking.load(Ordering::Relaxed) {
            ConnectionPhase::Handshake
        } else if self.requests.load(Ordering::Relaxed) > 0 {
            ConnectionPhase::Answering
        } else if self.has_begun.load(Ordering::Relaxed) {
            ConnectionPhase::Head
        } else {
            ConnectionPhase::Idle
        }
    }

    /// How long it has been in its phase.
    pub(super) fn lasted(&self, now: u64) -> Duration {
        Duration::from_millis(now.saturating_sub(self.since.load(Ordering::Relaxed)))
    }

    /// For how long the client has taken nothing of an answer that is there.
    pub(super) fn blocked_for(&self, now: u64) -> Duration {
        let answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        let oldest =
            [self.blocked.load(Ordering::Relaxed)].into_iter().chain(answers.values().copied()).filter(|at| *at > 0).min();
        Duration::from_millis(oldest.map_or(0, |at| now.saturating_sub(at)))
    }

    fn since_now(&self) {
        self.since.store(self.totals.now(), Ordering::Relaxed);
    }

    /// TLS is being agreed on, until what is answered is dropped.
    pub(super) fn handshake(self: &Arc<Self>) -> Handshake {
        self.is_handshaking.store(true, Ordering::Relaxed);
        self.totals.handshakes.fetch_add(1, Ordering::Relaxed);
        Handshake(Arc::clone(self))
    }

    /// Bytes have come.
    pub(super) fn received(&self) {
        let is_first = !self.has_begun.load(Ordering::Relaxed) && self.requests.load(Ordering::Relaxed) == 0;
        // under HTTP/2 they need not belong to a request
        if is_first && !self.is_http2.load(Ordering::Relaxed) && !self.is_closing.load(Ordering::Relaxed) {
            self.has_begun.store(true, Ordering::Relaxed);
            // the idle time before it does not count
            self.since.fetch_max(self.totals.swept.load(Ordering::Relaxed), Ordering::Relaxed);
        }
    }

    /// The socket has taken some bytes.
    pub(super) fn sent(&self) {
        if self.blocked.load(Ordering::Relaxed) > 0 {
            self.blocked.store(0, Ordering::Relaxed);
        }
    }

    /// The socket takes no more bytes for now.
    pub(super) fn blocked(&self) {
        if self.blocked.load(Ordering::Relaxed) == 0 {
            self.blocked.store(self.totals.now(), Ordering::Relaxed);
        }
    }

    /// The server's end of the connection is being closed.
    pub(super) fn closing(&self) {
        if !self.is_closing.swap(true, Ordering::Relaxed) {
            self.since_now();
        }
    }

    /// A request has arrived.
    pub(super) fn request(self: &Arc<Self>, is_http2: bool) -> Exchange {
        self.requests.fetch_add(1, Ordering::Relaxed);
        if is_http2 {
            self.is_http2.store(true, Ordering::Relaxed);
        }
        Exchange { activity: Arc::clone(self), unsent: 0, answer: None, made_at: None }
    }

    pub(super) fn tell(&self, order: CloseOrder) {
        let order = if order == CloseOrder::Cut { CUT } else { FINISH };
        if self.order.fetch_max(order, Ordering::AcqRel) < order {
            self.since_now();
            self.task.wake();
        }
    }

    pub(super) fn was_told(&self) -> bool {
        self.order.load(Ordering::Relaxed) != NO_ORDER
    }

    pub(super) fn is_cut(&self) -> bool {
        self.order.load(Ordering::Relaxed) == CUT
    }

    /// The next order, for the one task of the connection. `registered`: the waker that was left here last.
    pub(super) fn poll_order(&self, cx: &Context<'_>, registered: &mut Option<Waker>) -> Poll<CloseOrder> {
        // the same each time until an order has taken it; to leave it again would cost more than all else here
        if !registered.as_ref().is_some_and(|registered| registered.will_wake(cx.waker())) {
            self.task.register(cx.waker());
            *registered = Some(cx.waker().clone());
        }
        let order = self.order.load(Ordering::Acquire);
        if order == self.followed.load(Ordering::Relaxed) {
            return Poll::Pending;
        }
        self.followed.store(order, Ordering::Relaxed);
        *registered = None;
        Poll::Ready(if order == CUT { CloseOrder::Cut } else { CloseOrder::Finish })
    }
}

/// A handshake under way.
#[derive(Debug)]
pub(super) struct Handshake(Arc<Activity>);

impl Drop for Handshake {
    fn drop(&mut self) {
        self.0.is_handshaking.store(false, Ordering::Relaxed);
        self.0.totals.handshakes.fetch_sub(1, Ordering::Relaxed);
        self.0.since_now();
    }
}

/// A request until its answer is handed over to the socket.
#[derive(Debug)]
pub(super) struct Exchange {
    activity: Arc<Activity>,
    unsent: u64,
    answer: Option<u64>,
    /// When the answer was made, if it is small and was made as soon as it was asked for: about when it is taken, unless the client
    /// is slow. It saves another look at the clock.
    made_at: Option<Instant>,
}

impl Exchange {
    /// As [`Self::answered`], at once.
    pub(super) fn answered_at_once(&mut self, size: u64, now: Instant) {
        self.answered(Some(size));
        self.made_at = (self.unsent == 0).then_some(now);
    }

    /// The answer is there and begins to be sent; its size, where it is known.
    pub(super) fn answered(&mut self, size: Option<u64>) {
        let Activity { totals, is_http2, answers, next_answer, .. } = &*self.activity;
        if let Some(size) = size.filter(|size| *size >= u64::from(LARGE)) {
            totals.unsent.fetch_add(size, Ordering::Relaxed);
            self.unsent = size;
            // a client that takes none of its answers asks for many at once by HTTP/2
            if self.activity.unsent.fetch_add(size, Ordering::Relaxed) > 0 && totals.is_over() {
                self.activity.tell(CloseOrder::Cut);
            }
        }
        if is_http2.load(Ordering::Relaxed) {
            let number = next_answer.fetch_add(1, Ordering::Relaxed);
            self.answer = Some(number);
            answers.lock().unwrap_or_else(PoisonError::into_inner).insert(number, totals.now());
        }
    }

    /// Some of the answer was taken.
    pub(super) fn taken(&self) {
        if let Some(number) = self.answer {
            let now = self.activity.totals.now();
            self.activity.answers.lock().unwrap_or_else(PoisonError::into_inner).insert(number, now);
        }
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        let activity = &self.activity;
        if self.unsent > 0 {
            activity.totals.unsent.fetch_sub(self.unsent, Ordering::Relaxed);
            activity.unsent.fetch_sub(self.unsent, Ordering::Relaxed);
        }
        if let Some(number) = self.answer {
            activity.answers.lock().unwrap_or_else(PoisonError::into_inner).remove(&number);
        }
        activity.has_begun.store(false, Ordering::Relaxed);
        if activity.requests.fetch_sub(1, Ordering::Relaxed) == 1 {
            let Totals { swept, .. } = &*activity.totals;
            // no older than the last sweep, should the client have been slow after all
            let now = self.made_at.map(|made_at| activity.totals.at(made_at).max(swept.load(Ordering::Relaxed)));
            activity.since.store(now.unwrap_or_else(|| activity.totals.now()), Ordering::Relaxed);
        }
    }
}
