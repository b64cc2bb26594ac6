//! The connection that the RabbitMQ driver stands on, alone: the scripts of its own suite, on each implementation.

use oslo_messaging::drivers::rabbit::ConnectionKind;
use oslo_messaging::drivers::rabbit::connection_suite::{self, Operator, Stage};
use oslo_messaging::transport::BoxFuture;
use serde_json::{Value, json};
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;
use tests::broker::{Broker, VirtualHost};
use tests::proxy::{Flow, Proxy};

const LIMIT: Duration = Duration::from_secs(40);

/// A virtual host behind a proxy.
struct Site {
    host: VirtualHost,
    proxy: Proxy,
}

impl Operator for Site {
    fn close_connections(&self) -> BoxFuture<'_, ()> {
        Box::pin(self.host.close_connections())
    }

    fn delete_queue<'a>(&'a self, queue: &'a str) -> BoxFuture<'a, ()> {
        Box::pin(self.host.delete_queue(queue))
    }

    fn declare_tiny_queue<'a>(&'a self, queue: &'a str) -> BoxFuture<'a, ()> {
        let arguments = json!({"x-max-length": 1, "x-overflow": "reject-publish"});
        Box::pin(self.host.declare_queue(queue, arguments))
    }

    fn alarm(&self, raised: bool) -> BoxFuture<'_, ()> {
        let broker = self.host.broker();
        if raised { Box::pin(broker.raise_alarm()) } else { Box::pin(broker.clear_alarm()) }
    }

    fn cut(&self) {
        self.proxy.kill_connections();
    }

    fn hold(&self, hold: bool) {
        self.proxy.set_flow(Flow::Pass, if hold { Flow::Hold } else { Flow::Pass });
    }

    fn go_silent(&self) {
        self.proxy.set_flow(Flow::Drop, Flow::Drop);
    }

    fn sent<'a>(&'a self, method: &'a str, count: usize) -> BoxFuture<'a, Vec<Value>> {
        Box::pin(async move {
            let sent = self.proxy.records().first(count, LIMIT, method, |record| record.sent(method)).await;
            sent.into_iter().map(|record| record.args).collect()
        })
    }
}

async fn play<F: Future<Output = ()>>(kind: ConnectionKind, broker: Broker, script: impl FnOnce(Stage) -> F) {
    let host = broker.virtual_host("suite").await;
    let proxy = Proxy::start(broker.address()).await;
    let (address, virtual_host) = (proxy.address().to_owned(), host.name().to_owned());
    let operator = Arc::new(Site { host: host.clone(), proxy });
    script(Stage { kind, address, virtual_host, operator }).await;
    host.delete().await;
}

/// A test for each script, on one implementation.
macro_rules! on {
    ($kind:ident as $module:ident: $($broker:expr => [$($script:ident,)*])*) => {
        mod $module {
            use super::*;

            $($(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $script() {
                    play(ConnectionKind::$kind, $broker, connection_suite::$script).await;
                }
            )*)*
        }
    };
}

/// The scripts that every implementation passes, on each.
macro_rules! on_each {
    ($($kind:ident as $module:ident,)*) => {
        $(on! {
            $kind as $module:
            Broker::shared() => [
                refusals_are_told_apart,
                a_peer_that_speaks_no_amqp_is_no_broker,
                a_silent_peer_is_not_waited_for,
                a_good_bye_is_said,
                heartbeats_are_as_agreed,
                what_is_declared_and_bound_takes_messages,
                a_mismatch_costs_its_channel_only,
                of_500_at_once_exactly_the_unroutable_ones_are_returned,
                of_500_that_need_no_confirmation_the_unroutable_ones_are_returned,
                several_threads_publish_at_once,
                a_message_that_is_not_mandatory_is_confirmed_wherever_it_goes,
                a_full_queue_refuses,
                a_missing_exchange_costs_the_channel,
                bodies_of_every_size_come_whole,
                properties_and_headers_come_back,
                names_are_as_long_as_the_protocol_allows,
                messages_come_in_order,
                no_more_come_than_the_prefetch_allows,
                exactly_what_is_acknowledged_is_gone,
                an_acknowledgement_says_when_it_is_in_vain,
                what_is_rejected_comes_again_or_is_gone,
                nothing_comes_after_a_cancel,
                a_consumer_ends_with_its_queue,
                a_consumer_that_nobody_waits_for_is_none,
                consumers_of_a_channel_are_each_their_own,
                a_channel_gives_back_what_is_unacknowledged_when_it_closes,
                numbers_of_channels_are_given_again,
                there_are_as_many_channels_as_agreed,
                a_forced_close_tells_everybody_why,
                a_reset_loses_what_is_unconfirmed_and_hangs_nobody,
                a_silent_network_is_noticed,
            ]
            Broker::private().await => [an_alarm_is_told_and_its_end_too,]
        })*
    };
}

on_each! {
    Native as native,
    Lapin as lapin,
}

// What lapin does otherwise, and a driver over it has to live with: at a good-bye it may forget what is queued, and it says
// none when it is dropped while a channel is held; its good-bye waits as long as a broker is blocked; calls to a connection
// whose runtime is gone wait for ever.
on! {
    Native as native_alone:
    Broker::shared() => [
        nothing_queued_is_forgotten_at_a_good_bye,
        a_connection_says_good_bye_when_it_is_dropped,
        a_runtime_that_goes_hangs_nobody,
    ]
    Broker::private().await => [a_blocked_broker_is_not_waited_for,]
}
