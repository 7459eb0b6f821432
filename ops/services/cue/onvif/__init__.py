"""Cameras that are turned by ONVIF: the SOAP client, the calibration of pan and tilt, and the driver."""
