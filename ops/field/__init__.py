"""Field units: enrolment of their devices by one-time code, and the record of what their devices answered."""
