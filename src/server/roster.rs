//! The connections that are open: how many, which of them has to go, and which have outlived a deadline.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;

use super::ServerSettings;
use super::activity::{Activity, CloseOrder, ConnectionPhase, Totals};

/// Age below which a request that has begun to arrive is not given up for a new connection.
const HEAD_GRACE: Duration = Duration::from_secs(1);
/// Time without progress after which a reader may be cut when memory or connections run out.
const READER_GRACE: Duration = Duration::from_secs(2);
/// Time that a connection gets to end itself.
const CLOSING_GRACE: Duration = Duration::from_secs(5);
/// The same while the server stops.
const CLOSING_GRACE_AT_STOP: Duration = Duration::from_millis(300);

#[derive(Debug)]
pub(super) struct Roster {
    connections: Mutex<HashMap<u64, Arc<Activity>>>,
    next: AtomicU64,
    freed: Notify,
    totals: Arc<Totals>,
}

/// The place of a connection in the roster; dropped, it is free again.
pub(super) struct RosterEntry {
    roster: Arc<Roster>,
    number: u64,
    pub(super) activity: Arc<Activity>,
}

impl Drop for RosterEntry {
    fn drop(&mut self) {
        self.roster.connections().remove(&self.number);
        self.roster.freed.notify_waiters();
    }
}

impl Roster {
    pub(super) fn new(max_unsent: u64) -> Arc<Self> {
        let (connections, next, freed) = (Mutex::default(), AtomicU64::new(0), Notify::new());
        let totals = Arc::new(Totals::new(max_unsent));
        Arc::new(Self { connections, next, freed, totals })
    }

    fn connections(&self) -> MutexGuard<'_, HashMap<u64, Arc<Activity>>> {
        self.connections.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn enter(self: &Arc<Self>) -> RosterEntry {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let activity = Arc::new(Activity::new(Arc::clone(&self.totals)));
        self.connections().insert(number, Arc::clone(&activity));
        RosterEntry { roster: Arc::clone(self), number, activity }
    }

    /// So much waits for clients to take it that no more answers are made.
    pub(super) fn is_choked(&self) -> bool {
        self.totals.is_choked()
    }

    pub(super) fn len(&self) -> usize {
        self.connections().len()
    }

    /// Resolves while fewer than so many connections are open.
    pub(super) async fn fewer_than(&self, limit: usize) {
        loop {
            let freed = self.freed.notified();
            if self.len() < limit {
                return;
            }
            freed.await;
        }
    }

    /// Gives up the handshake that has lasted longest, where there are more than so many.
    pub(super) fn limit_handshakes(&self, limit: usize) {
        if self.totals.handshakes.load(Ordering::Relaxed) <= limit {
            return;
        }
        let now = self.totals.now();
        let connections = self.connections();
        let is_spare = |connection: &Activity| connection.phase() == ConnectionPhase::Handshake && !connection.was_told();
        let under_way = connections.iter().filter(|(_, connection)| is_spare(connection));
        // of those that began in the same moment, the one that came first
        if let Some((_, connection)) =
            under_way.max_by_key(|(number, connection)| (connection.lasted(now), std::cmp::Reverse(**number)))
        {
            connection.tell(CloseOrder::Cut);
        }
    }

    /// Gives up the connection that is missed least: one that ends anyway, else the longest idle one, else one whose client is slow
    /// in sending a request or in taking an answer. False: all others are being answered.
    pub(super) fn make_room(&self) -> bool {
        let now = self.totals.now();
        let connections = self.connections();
        let spare = connections.values().filter(|connection| !connection.is_cut()).filter_map(|connection| {
            let (phase, lasted, blocked) = (connection.phase(), connection.lasted(now), connection.blocked_for(now));
            let rank = match phase {
                _ if blocked >= READER_GRACE => 3,
                ConnectionPhase::Closing => 0,
                ConnectionPhase::Idle if blocked.is_zero() => 1,
                ConnectionPhase::Head | ConnectionPhase::Handshake if lasted >= HEAD_GRACE => 2,
                _ => return None,
            };
            Some((rank, std::cmp::Reverse(lasted.max(blocked)), connection))
        });
        let Some((.., connection)) = spare.min_by_key(|(rank, lasted, _)| (*rank, *lasted)) else { return false };
        connection.tell(CloseOrder::Cut);
        true
    }

    /// Tells all to end once what is under way is answered.
    pub(super) fn finish(&self) {
        self.connections().values().for_each(|connection| connection.tell(CloseOrder::Finish));
    }

    /// Ends all.
    pub(super) fn cut(&self) {
        self.connections().values().for_each(|connection| connection.tell(CloseOrder::Cut));
    }

    /// Holds the connections to their deadlines, and answers that nobody takes to the memory that they may have.
    pub(super) fn sweep(&self, settings: &ServerSettings, is_stopping: bool) {
        let now = self.totals.sweep();
        let closing = if is_stopping { CLOSING_GRACE_AT_STOP } else { CLOSING_GRACE };
        let connections = self.connections();
        for connection in connections.values() {
            let lasted = connection.lasted(now);
            match connection.phase() {
                _ if connection.blocked_for(now) >= settings.send_timeout => connection.tell(CloseOrder::Cut),
                ConnectionPhase::Head if lasted >= settings.header_timeout => connection.tell(CloseOrder::Cut),
                ConnectionPhase::Handshake if lasted >= settings.handshake_timeout => connection.tell(CloseOrder::Cut),
                ConnectionPhase::Idle if connection.was_told() && lasted >= closing => connection.tell(CloseOrder::Cut),
                ConnectionPhase::Head if connection.was_told() && lasted >= CLOSING_GRACE => connection.tell(CloseOrder::Cut),
                ConnectionPhase::Closing if is_stopping && lasted >= closing => connection.tell(CloseOrder::Cut),
                ConnectionPhase::Idle if lasted >= settings.idle_timeout => connection.tell(CloseOrder::Finish),
                _ => {}
            }
        }
        if self.totals.is_over() {
            let slow = connections.values().filter(|connection| !connection.is_cut());
            let slow = slow.map(|connection| (connection.blocked_for(now), connection));
            // one a sweep: what it held is counted off before the next
            if let Some((_, connection)) =
                slow.filter(|(blocked, _)| *blocked >= READER_GRACE).max_by_key(|(blocked, _)| *blocked)
            {
                connection.tell(CloseOrder::Cut);
            }
        }
    }
}
