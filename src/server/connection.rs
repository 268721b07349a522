//! One connection, from its acceptance to its end.

use std::convert::Infallible;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;

use axum::body::HttpBody;
use axum::http::{HeaderValue, Method, StatusCode, Version, header};
use axum::response::Response;
use bytes::Buf as _;
use futures_util::future::{Either, Ready, ready};
use hyper::body::Incoming;
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;

use super::activity::{Activity, CloseOrder};
use super::answer_body::AnswerBody;
use super::roster::{Roster, RosterEntry};
use super::socket::Socket;
use super::stream::Stream;
use super::tls::{Handshakes, Tls};
use crate::http::{App, Handled, Metrics, Peer};

/// What every connection is served with.
pub(super) struct ConnectionService {
    pub(super) app: App,
    pub(super) metrics: Metrics,
    pub(super) roster: Arc<Roster>,
    pub(super) http1: http1::Builder,
    pub(super) http2: http2::Builder<TokioExecutor>,
    pub(super) max_connections: usize,
    pub(super) max_handshakes: usize,
    pub(super) handshakes: Handshakes,
}

/// A connection that has just been made.
pub(super) struct Accepted {
    pub(super) stream: TcpStream,
    pub(super) tls: Option<Arc<Tls>>,
    pub(super) place: RosterEntry,
    /// It is beyond the cap.
    pub(super) is_surplus: bool,
}

/// Serves one connection to its end.
pub(super) async fn serve(accepted: Accepted, service: Arc<ConnectionService>) {
    let Accepted { stream, tls, place, is_surplus } = accepted;
    let activity = &place.activity;
    let peer = Peer { address: stream.peer_addr().ok(), ..Peer::default() };
    service.metrics.connection(1.0);
    let socket = Socket::new(stream, Arc::clone(activity));
    let client = ConnectionClient { service: &service, activity, is_surplus, peer };
    match tls {
        None => client.serve(socket).await,
        // boxed, for it is large, and not every connection needs it
        Some(tls) => Box::pin(client.serve_within(&tls, socket)).await,
    }
    service.metrics.connection(-1.0);
    drop(place);
}

/// The other end of a connection.
struct ConnectionClient<'c> {
    service: &'c ConnectionService,
    activity: &'c Arc<Activity>,
    is_surplus: bool,
    peer: Peer,
}

impl ConnectionClient<'_> {
    /// Agrees on TLS, and serves what is sent within it.
    async fn serve_within(mut self, tls: &Tls, socket: Socket) {
        let under_way = self.activity.handshake();
        self.service.roster.limit_handshakes(self.service.max_handshakes);
        let agreed = unless_told(self.activity, self.service.handshakes.run(tls.acceptor().accept(socket))).await;
        drop(under_way);
        match agreed.flatten() {
            Some(Ok(stream)) => {
                self.peer.owner = tls.owner(&stream);
                self.peer.is_secure = true;
                self.serve(stream).await;
            }
            Some(Err(error)) => {
                tracing::debug!(%error, peer = ?self.peer.address, "TLS was not agreed on");
                self.service.metrics.failed_handshake(false);
            }
            None => self.service.metrics.failed_handshake(true),
        }
    }

    async fn serve(self, transport: impl AsyncRead + AsyncWrite + Unpin + Send + 'static) {
        let Self { service, activity, is_surplus, peer } = self;
        let mut stream = Stream::new(transport, Arc::clone(activity));
        let begun = unless_told(activity, stream.begin()).await;
        let answering = service_fn(|request| answer(service, activity, is_surplus, &peer, request));
        let ended = match begun {
            Some(Ok(Version::HTTP_2)) => {
                // boxed, for it is large, and few connections need it
                Box::pin(async {
                    let served = std::pin::pin!(service.http2.serve_connection(TokioIo::new(stream), answering));
                    driven(served, activity, http2::Connection::graceful_shutdown).await
                })
                .await
            }
            Some(Ok(_)) => {
                let served = std::pin::pin!(service.http1.serve_connection(TokioIo::new(stream), answering));
                driven(served, activity, http1::Connection::graceful_shutdown).await
            }
            Some(Err(_)) | None => Ok(()),
        };
        if let Err(error) = ended {
            tracing::debug!(%error, "connection ended");
        }
    }
}

/// What comes of something before there is a request, or `None` where the connection is told to end meanwhile.
async fn unless_told<T>(activity: &Activity, work: impl Future<Output = T>) -> Option<T> {
    let (mut work, mut registered) = (std::pin::pin!(work), None);
    poll_fn(|cx| match activity.poll_order(cx, &mut registered) {
        Poll::Ready(_) => Poll::Ready(None),
        Poll::Pending => work.as_mut().poll(cx).map(Some),
    })
    .await
}

/// A connection until it ends, or is told to.
async fn driven<C>(mut served: Pin<&mut C>, activity: &Activity, finish: fn(Pin<&mut C>)) -> hyper::Result<()>
where
    C: Future<Output = hyper::Result<()>>,
{
    let mut registered = None;
    poll_fn(|cx| {
        loop {
            if let Poll::Ready(ended) = served.as_mut().poll(cx) {
                return Poll::Ready(ended);
            }
            match activity.poll_order(cx, &mut registered) {
                Poll::Ready(CloseOrder::Finish) => finish(served.as_mut()),
                Poll::Ready(CloseOrder::Cut) => return Poll::Ready(Ok(())),
                Poll::Pending => return Poll::Pending,
            }
        }
    })
    .await
}

type Answered = Result<hyper::Response<AnswerBody>, Infallible>;
/// What is in memory needs no future of its own: hyper moves each into the connection.
type Answering = Either<Ready<Answered>, Pin<Box<dyn Future<Output = Answered> + Send>>>;

fn answer(
    service: &ConnectionService,
    activity: &Arc<Activity>,
    is_surplus: bool,
    peer: &Peer,
    request: hyper::Request<Incoming>,
) -> Answering {
    let (version, is_head) = (request.version(), *request.method() == Method::HEAD);
    let exchange = activity.request(version == Version::HTTP_2);
    let is_full = is_surplus && service.roster.len() > service.max_connections;
    let handled = match is_full {
        true => service.app.when_full().handle(request, peer),
        false if service.roster.is_choked() => service.app.when_choked().handle(request, peer),
        false => service.app.handle(request, peer),
    };
    match handled {
        Handled::Ready(answer, came_at) => {
            let length = answer.body().remaining() as u64;
            let answer = if is_head { head_alone(answer, Some(length)) } else { answer };
            let answer = for_version(answer, version, true).map(|bytes| AnswerBody::ready(bytes, exchange, came_at));
            Either::Left(ready(Ok(answer)))
        }
        Handled::Work(work) => Either::Right(Box::pin(async move {
            let answer = work.await;
            let length = answer.body().size_hint().exact();
            let answer = if is_head { head_alone(answer, length) } else { answer };
            Ok(for_version(answer, version, length.is_some()).map(|body| AnswerBody::new(body, exchange)))
        })),
    }
}

/// An answer to HEAD: that to GET without its body, of which it tells the length (RFC 9110, 9.3.2). hyper leaves out the body over HTTP/1
/// alone; over HTTP/2 it would be sent, which is an error of the protocol.
fn head_alone<B: Default>(mut answer: Response<B>, length: Option<u64>) -> Response<B> {
    if length == Some(0) {
        return answer;
    }
    *answer.body_mut() = B::default();
    if let Some(length) = length {
        answer.headers_mut().entry(header::CONTENT_LENGTH).or_insert(HeaderValue::from(length));
    }
    answer
}

/// What of an answer depends on the version of HTTP.
fn for_version<B>(mut response: Response<B>, version: Version, has_end: bool) -> Response<B> {
    if version == Version::HTTP_10 && !has_end {
        // the end of the connection is the end of the body; an answer in this version has hyper not promise another one
        *response.version_mut() = Version::HTTP_10;
    }
    let is_body_unread = matches!(response.status(), StatusCode::PAYLOAD_TOO_LARGE | StatusCode::REQUEST_TIMEOUT);
    if is_body_unread && version <= Version::HTTP_11 {
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    response
}
