"""A firm's sales and after-sales desk: contracts, prices, shipments, receivables, service."""
