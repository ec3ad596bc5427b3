"""The order of visits, pure: what is known of a party, two explainable models, their back-test."""
