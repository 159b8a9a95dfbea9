drop table webhooks;
