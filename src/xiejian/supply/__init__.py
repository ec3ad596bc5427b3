"""What a firm makes, takes in, stores, hands on and uses, lot by lot; where a lot is."""
